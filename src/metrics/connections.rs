//! Connections, for whoever accepts them.

use dockgate_api::{Counter, Gauge, Metrics, Series};

/// Counts the connections of all listeners; a clone counts on.
#[derive(Clone, Debug)]
pub struct Connections {
    open: Gauge,
    accepted: Counter,
    not_accepted: Counter,
    handshakes_failed: Counter,
    handshakes_late: Counter,
    proxy_headers: Counter,
    proxy_headers_late: Counter,
    heads_too_large: Counter,
    answers_late: Counter,
    crowded_out: Counter,
}

/// Why a connection or a request on it got nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// The system gave no connection, for want of file descriptors as a rule.
    NotAccepted,
    /// TLS could not be agreed on.
    Handshake,
    /// TLS took longer than `server.limits.handshake_timeout`.
    HandshakeTimeout,
    /// A proxy did not say whom it brings, or not so that it counts.
    ProxyHeader,
    /// A PROXY header took longer than `server.limits.handshake_timeout`.
    ProxyHeaderTimeout,
    /// A head above `server.limits.header`.
    LargeHead,
    /// A request took longer than `server.limits.request_timeout`.
    RequestTimeout,
    /// It kept the server waiting when there was no room for another (`server.limits.connections`).
    CrowdedOut,
}

/// A connection, counted as open until this goes.
#[derive(Debug)]
pub struct OpenConnection(Gauge);

impl Connections {
    /// The handles.
    pub fn new(metrics: &dyn Metrics) -> Self {
        let failed = |reason: &str| {
            let help = "Connections and requests that ended before the token endpoint saw them.";
            metrics.counter(&Series::new("dockgate_connections_failed_total", help).label("reason", reason))
        };
        Self {
            open: metrics.gauge(&Series::new("dockgate_connections_open", "Connections that are open now.")),
            accepted: metrics
                .counter(&Series::new("dockgate_connections_accepted_total", "Connections accepted.")),
            not_accepted: failed("accept"),
            handshakes_failed: failed("handshake"),
            handshakes_late: failed("handshake_timeout"),
            proxy_headers: failed("proxy_header"),
            proxy_headers_late: failed("proxy_header_timeout"),
            heads_too_large: failed("large_head"),
            answers_late: failed("request_timeout"),
            crowded_out: failed("crowded_out"),
        }
    }

    /// One more, open until the guard goes.
    #[must_use]
    pub fn opened(&self) -> OpenConnection {
        self.accepted.add(1);
        self.open.add(1);
        OpenConnection(self.open.clone())
    }

    /// One that got nowhere.
    pub fn failed(&self, why: Unanswered) {
        let counter = match why {
            Unanswered::NotAccepted => &self.not_accepted,
            Unanswered::Handshake => &self.handshakes_failed,
            Unanswered::HandshakeTimeout => &self.handshakes_late,
            Unanswered::ProxyHeader => &self.proxy_headers,
            Unanswered::ProxyHeaderTimeout => &self.proxy_headers_late,
            Unanswered::LargeHead => &self.heads_too_large,
            Unanswered::RequestTimeout => &self.answers_late,
            Unanswered::CrowdedOut => &self.crowded_out,
        };
        counter.add(1);
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::MemoryMetrics;

    #[test]
    fn open_as_long_as_somebody_holds_it() {
        let metrics = MemoryMetrics::default();
        let connections = Connections::new(&metrics);
        let (one, two) = (connections.opened(), connections.opened());
        drop(one);
        connections.failed(Unanswered::HandshakeTimeout);
        let text = metrics.text();
        for line in [
            "dockgate_connections_open 1",
            "dockgate_connections_accepted_total 2",
            "dockgate_connections_failed_total{reason=\"handshake_timeout\"} 1",
            "dockgate_connections_failed_total{reason=\"handshake\"} 0",
        ] {
            assert!(text.lines().any(|there| there == line), "{line}\n{text}");
        }
        drop(two);
        assert!(metrics.text().contains("\ndockgate_connections_open 0\n"));
    }
}
