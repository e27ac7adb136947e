//! Certificates that an authority issues to the server itself.

use std::sync::Arc;
use std::time::SystemTime;

use dockgate_api::{Counter, Gauge, Metrics as _, Series};

use super::reloads::unix;
use super::{Certificates, MemoryMetrics};

/// Counts orders, and says when the certificate ends.
#[derive(Clone, Debug)]
pub struct AcmeMeter {
    metrics: Arc<MemoryMetrics>,
    issued: Counter,
    failed: Counter,
    last_failure: Gauge,
}

impl AcmeMeter {
    /// The handles.
    pub fn new(metrics: &Arc<MemoryMetrics>) -> Self {
        let orders = |outcome: &str| {
            let series =
                Series::new("dockgate_acme_orders_total", "Certificates that an authority was asked for.");
            metrics.counter(&series.label("outcome", outcome))
        };
        let last_failure = Series::new(
            "dockgate_acme_last_failure_timestamp_seconds",
            "When an authority was last asked for a certificate in vain, Unix time; 0 if never since the start.",
        );
        Self {
            metrics: Arc::clone(metrics),
            issued: orders("issued"),
            failed: orders("failed"),
            last_failure: metrics.gauge(&last_failure),
        }
    }

    /// A certificate was issued.
    pub fn issued(&self) {
        self.issued.add(1);
    }

    /// None was.
    pub fn failed(&self, now: SystemTime) {
        self.failed.add(1);
        self.last_failure.set(unix(now));
    }

    /// When the certificate ends, if there is one.
    pub fn ends(&self, certificate: Option<(&str, SystemTime)>) {
        Certificates::Acme.end(&self.metrics, certificate);
    }
}
