//! What is counted of a provider.

use dockgate_api::{BackendError, Counter, Metrics, Series};

/// The handles of one link.
#[derive(Debug)]
pub(super) struct Meter {
    answered: Counter,
    unavailable: Counter,
    timeout: Counter,
    unusable: Counter,
    limited: Counter,
    not_asked: Counter,
}

impl Meter {
    pub(super) fn new(metrics: &dyn Metrics) -> Self {
        let requests = |outcome: &str| {
            let help = "Requests to identity providers.";
            metrics.counter(&Series::new("dockgate_provider_requests_total", help).label("outcome", outcome))
        };
        Self {
            answered: requests("answered"),
            unavailable: requests("unavailable"),
            timeout: requests("timeout"),
            unusable: requests("unusable"),
            limited: requests("limited"),
            not_asked: requests("not_asked"),
        }
    }

    /// Counts what a request came to.
    pub(super) fn count<T>(&self, answer: &Result<T, BackendError>) {
        let counter = match answer {
            Ok(_) => &self.answered,
            Err(BackendError::Unavailable(_)) => &self.unavailable,
            Err(BackendError::Timeout(_)) => &self.timeout,
            Err(BackendError::Overloaded { .. }) => &self.limited,
            Err(_) => &self.unusable,
        };
        counter.add(1);
    }

    /// Counts a request that was not made, since the provider wants none.
    pub(super) fn kept_back(&self) {
        self.not_asked.add(1);
    }
}
