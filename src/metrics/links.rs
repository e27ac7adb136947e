//! What one link of a chain answers, and how long it takes.

use std::time::Duration;

use dockgate_api::{Answer, BackendError, Counter, Decision, Histogram, Metrics, Series};

/// Counts the answers of one link. One that was made by default counts where nobody looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct LinkMeter {
    allow: Counter,
    deny: Counter,
    no_match: Counter,
    overloaded: Counter,
    timeout: Counter,
    error: Counter,
    took: Histogram,
}

impl LinkMeter {
    /// The handles of a link in a chain, `authn` or `authz`.
    pub(crate) fn new(metrics: &dyn Metrics, chain: &str, link: &str) -> Self {
        let answers = |outcome: &str| {
            let series = Series::new("dockgate_decisions_total", "Answers of the links of the chains.");
            metrics.counter(&series.label("chain", chain).label("link", link).label("outcome", outcome))
        };
        let took = Series::new("dockgate_decision_duration_seconds", "How long links took to answer.");
        Self {
            allow: answers("allow"),
            deny: answers("deny"),
            no_match: answers("no_match"),
            overloaded: answers("overloaded"),
            timeout: answers("timeout"),
            error: answers("error"),
            took: metrics.histogram(&took.label("chain", chain).label("link", link)),
        }
    }

    /// Counts one answer that took so long.
    pub(crate) fn count<T>(&self, answer: &Answer<T>, took: Duration) {
        let counter = match answer {
            Ok(Decision::Allow(_)) => &self.allow,
            Ok(Decision::Deny(_)) => &self.deny,
            Ok(Decision::NoMatch) => &self.no_match,
            Err(BackendError::Overloaded { .. }) => &self.overloaded,
            Err(BackendError::Timeout(_)) => &self.timeout,
            Err(_) => &self.error,
        };
        counter.add(1);
        self.took.observe(took);
    }
}
