//! What the pool counts.

use std::time::Instant;

use dockgate_api::{Counter, Gauge, Histogram, Metrics, Series};

pub(crate) struct Meter {
    hashes: Counter,
    running: Gauge,
    waiting: Gauge,
    waited: Histogram,
    pub(crate) refused: Counter,
    pub(crate) memo_hits: Counter,
    pub(crate) memo_misses: Counter,
    pub(crate) memo_entries: Gauge,
}

/// Counted in a gauge until it goes, also where the one who waits has given up.
pub(crate) struct Counted(Gauge);

pub(crate) struct Waiting {
    _counted: Counted,
    since: Instant,
    waited: Histogram,
}

impl Meter {
    pub(crate) fn new(metrics: &dyn Metrics) -> Self {
        let counter = |name, help| metrics.counter(&Series::new(name, help));
        let gauge = |name, help| metrics.gauge(&Series::new(name, help));
        Self {
            hashes: counter("dockgate_password_hashes_total", "Password hashes computed, dummies included."),
            running: gauge("dockgate_password_hashes_running", "Password hashes that are being computed."),
            waiting: gauge("dockgate_password_hashes_waiting", "Passwords that wait for their turn."),
            waited: metrics.histogram(&Series::new(
                "dockgate_password_wait_seconds",
                "How long passwords waited before their hash was computed.",
            )),
            refused: counter(
                "dockgate_password_overload_total",
                "Passwords that were not checked because too many were waiting.",
            ),
            memo_hits: counter(
                "dockgate_password_memo_hits_total",
                "Passwords that were known to be right without computing a hash.",
            ),
            memo_misses: counter(
                "dockgate_password_memo_misses_total",
                "Passwords that were not known to be right.",
            ),
            memo_entries: gauge(
                "dockgate_password_memo_entries",
                "Right passwords that are remembered, as keyed hashes.",
            ),
        }
    }

    /// A password begins to wait.
    pub(crate) fn waits(&self) -> Waiting {
        Waiting { _counted: Counted::one(&self.waiting), since: Instant::now(), waited: self.waited.clone() }
    }

    /// A hash begins to be computed.
    pub(crate) fn runs(&self) -> Counted {
        self.hashes.add(1);
        Counted::one(&self.running)
    }
}

impl Waiting {
    /// Its turn has come.
    pub(crate) fn end(self) {
        self.waited.observe(self.since.elapsed());
    }
}

impl Counted {
    fn one(gauge: &Gauge) -> Self {
        gauge.add(1);
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}
