//! Token requests as a whole.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use dockgate_api::{Counter, Histogram, Metrics, Series};

/// Services beyond it, in the order of their names, count as `other`.
const MOST_SERVICES: usize = 100;

/// What came of a token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A token with everything that was asked; also where nothing was.
    Granted,
    /// A token with some of it.
    Partly,
    /// A token without any of it.
    Nothing,
    /// Nobody vouches for the login.
    BadCredentials,
    /// Too many logins failed before.
    Locked,
    /// Nothing was presented that could prove a login.
    NoProof,
    /// The request cannot be understood.
    Malformed,
    /// Its body is larger than `server.limits.body`.
    TooLarge,
    /// Its body took longer than `server.limits.body_timeout`.
    TooSlow,
    /// No tokens are given for its service.
    UnknownService,
    /// A backend could not answer.
    Unavailable,
    /// More was asked of a backend than it takes on, hashing above all.
    Overloaded,
    /// The token could not be signed.
    NotSigned,
    /// `audit.required` is on, and the audit line could not be written.
    NotAudited,
    /// The client went away, or the request took too long, before there was an answer.
    Abandoned,
}

/// What a client sees of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Token,
    Refused,
    Error,
}

/// Counts token requests and the tokens that come of them. One that was made by default counts where nobody looks.
#[derive(Debug, Default)]
pub struct RequestMeter {
    by_service: HashMap<String, Counters>,
    other: Counters,
    token: Histogram,
    refused: Histogram,
    error: Histogram,
    signed: Counter,
    reused: Counter,
}

/// One for each outcome, in their order.
#[derive(Debug, Default)]
struct Counters([Counter; Outcome::ALL.len()]);

impl Outcome {
    const ALL: [Self; 15] = [
        Self::Granted,
        Self::Partly,
        Self::Nothing,
        Self::BadCredentials,
        Self::Locked,
        Self::NoProof,
        Self::Malformed,
        Self::TooLarge,
        Self::TooSlow,
        Self::UnknownService,
        Self::Unavailable,
        Self::Overloaded,
        Self::NotSigned,
        Self::NotAudited,
        Self::Abandoned,
    ];

    /// As it is written in metrics and in the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Partly => "partly",
            Self::Nothing => "nothing",
            Self::BadCredentials => "bad_credentials",
            Self::Locked => "locked",
            Self::NoProof => "no_proof",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::UnknownService => "unknown_service",
            Self::Unavailable => "unavailable",
            Self::Overloaded => "overloaded",
            Self::NotSigned => "not_signed",
            Self::NotAudited => "not_audited",
            Self::Abandoned => "abandoned",
        }
    }

    fn class(self) -> Class {
        match self {
            Self::Granted | Self::Partly | Self::Nothing => Class::Token,
            Self::BadCredentials
            | Self::Locked
            | Self::NoProof
            | Self::Malformed
            | Self::TooLarge
            | Self::TooSlow
            | Self::UnknownService => Class::Refused,
            Self::Unavailable | Self::Overloaded | Self::NotSigned | Self::NotAudited | Self::Abandoned => {
                Class::Error
            }
        }
    }
}

impl Counters {
    fn new(metrics: &dyn Metrics, service: &str) -> Self {
        Self(Outcome::ALL.map(|outcome| {
            let series = Series::new("dockgate_token_requests_total", "Token requests by what came of them.");
            metrics.counter(&series.label("outcome", outcome.as_str()).label("service", service))
        }))
    }

    fn count(&self, outcome: Outcome) {
        if let Some(counter) = self.0.get(outcome as usize) {
            counter.add(1);
        }
    }
}

impl RequestMeter {
    /// The handles for the services that the configuration names; all others count as `other`, as what a client wrote
    /// is no label.
    pub fn new<'a>(metrics: &dyn Metrics, services: impl IntoIterator<Item = &'a str>) -> Self {
        let services: BTreeSet<&str> = services.into_iter().collect();
        let known = services.into_iter().filter(|service| *service != "other").take(MOST_SERVICES);
        let took = |class: &str| {
            let help = "How long token requests took, from the end of the request to the answer.";
            let series = Series::new("dockgate_token_request_duration_seconds", help);
            metrics.histogram(&series.label("class", class))
        };
        let counter = |name, help| metrics.counter(&Series::new(name, help));
        Self {
            by_service: known.map(|service| (service.to_owned(), Counters::new(metrics, service))).collect(),
            other: Counters::new(metrics, "other"),
            token: took("token"),
            refused: took("refused"),
            error: took("error"),
            signed: counter("dockgate_tokens_signed_total", "Tokens signed."),
            reused: counter("dockgate_tokens_reused_total", "Tokens handed out again (`token.reuse`)."),
        }
    }

    /// Counts a request.
    pub fn count(&self, outcome: Outcome, service: &str, took: Duration) {
        let known = if self.by_service.is_empty() { None } else { self.by_service.get(service) };
        known.unwrap_or(&self.other).count(outcome);
        let histogram = match outcome.class() {
            Class::Token => &self.token,
            Class::Refused => &self.refused,
            Class::Error => &self.error,
        };
        histogram.observe(took);
    }

    /// Counts a token.
    pub fn token(&self, reused: bool) {
        if reused { &self.reused } else { &self.signed }.add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::MemoryMetrics;

    #[test]
    fn outcomes_stand_in_their_order() {
        for (place, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, place);
        }
    }

    #[test]
    fn a_service_that_nobody_configured_is_no_label() {
        let metrics = MemoryMetrics::default();
        let meter = RequestMeter::new(&metrics, ["known"]);
        let second = Duration::from_secs(1);
        meter.count(Outcome::Granted, "known", second);
        meter.count(Outcome::TooLarge, "canary", second);
        meter.count(Outcome::TooLarge, "", second);
        let text = metrics.text();
        assert!(!text.contains("canary"), "{text}");
        let requests = "dockgate_token_requests_total";
        assert!(text.contains(&format!("{requests}{{outcome=\"granted\",service=\"known\"}} 1\n")), "{text}");
        assert!(
            text.contains(&format!("{requests}{{outcome=\"too_large\",service=\"other\"}} 2\n")),
            "{text}"
        );
        assert!(text.contains("dockgate_token_request_duration_seconds_count{class=\"refused\"} 2\n"));
    }

    #[test]
    fn a_thousand_services_are_a_hundred_series_of_each_outcome() {
        let metrics = MemoryMetrics::default();
        let services: Vec<String> = (0..1_000).map(|number| format!("s{number}")).collect();
        RequestMeter::new(&metrics, services.iter().map(String::as_str));
        let text = metrics.text();
        let lines = text.lines().filter(|line| line.starts_with("dockgate_token_requests_total{"));
        assert_eq!(lines.count(), 101 * Outcome::ALL.len());
        assert!(text.contains("dockgate_metrics_series_left_out_total 0\n"));
    }
}
