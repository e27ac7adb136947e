//! What is counted of a hook.

use dockgate_api::{BackendError, Counter, Gauge, Metrics, Series};

/// The handles of one link.
#[derive(Debug)]
pub(crate) struct Meter {
    answered: Counter,
    unavailable: Counter,
    timeout: Counter,
    unusable: Counter,
    not_asked: Counter,
    pub(crate) retries: Counter,
    pub(crate) breaker_open: Gauge,
}

impl Meter {
    pub(crate) fn new(metrics: &dyn Metrics) -> Self {
        let requests = |outcome: &str| {
            let series = Series::new("dockgate_hook_requests_total", "Requests to web hooks.");
            metrics.counter(&series.label("outcome", outcome))
        };
        let retries = Series::new("dockgate_hook_retries_total", "Further tries to reach a web hook.");
        let breaker_open =
            Series::new("dockgate_hook_breaker_open", "Whether a web hook is left alone (1) or asked (0).");
        Self {
            answered: requests("answered"),
            unavailable: requests("unavailable"),
            timeout: requests("timeout"),
            unusable: requests("unusable"),
            not_asked: requests("not_asked"),
            retries: metrics.counter(&retries),
            breaker_open: metrics.gauge(&breaker_open),
        }
    }

    /// Counts what a request came to.
    pub(crate) fn count<T>(&self, answer: &Result<T, BackendError>) {
        let counter = match answer {
            Ok(_) => &self.answered,
            Err(BackendError::Unavailable(_)) => &self.unavailable,
            Err(BackendError::Timeout(_)) => &self.timeout,
            Err(_) => &self.unusable,
        };
        counter.add(1);
    }

    /// Counts a request that the breaker kept back.
    pub(crate) fn kept_back(&self) {
        self.not_asked.add(1);
    }
}
