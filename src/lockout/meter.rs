//! What lock-out counts.

use dockgate_api::{Counter, Metrics, Series};

use super::bans::BansMeter;

/// Counts; one that was made by default counts where nobody looks.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub(super) refused_pair: Counter,
    pub(super) refused_address: Counter,
    pub(super) refused_busy: Counter,
    pub(super) failures: Counter,
    pub(super) repeated: Counter,
    pub(super) slowed: Counter,
    pub(super) store_errors: Counter,
}

impl BansMeter {
    pub(super) fn new(metrics: &dyn Metrics) -> Self {
        let bans = |kind: &str| {
            let series = Series::new("dockgate_lockout_bans", "Bans that hold.");
            metrics.gauge(&series.label("kind", kind))
        };
        Self { pairs: bans("pair"), addresses: bans("address") }
    }
}

impl Meter {
    pub(super) fn new(metrics: &dyn Metrics) -> Self {
        let counter = |name, help| metrics.counter(&Series::new(name, help));
        let refused = |kind: &str| {
            let help = "Logins that were refused without asking anybody.";
            metrics.counter(&Series::new("dockgate_lockout_refusals_total", help).label("kind", kind))
        };
        Self {
            refused_pair: refused("pair"),
            refused_address: refused("address"),
            refused_busy: refused("busy"),
            failures: counter("dockgate_lockout_failures_total", "Failed logins that were counted."),
            repeated: counter(
                "dockgate_lockout_repeats_total",
                "Wrong passwords that were known to be wrong a moment ago: nobody was asked.",
            ),
            slowed: counter(
                "dockgate_lockout_slowed_total",
                "Logins that waited for others that failed for the same account.",
            ),
            store_errors: counter(
                "dockgate_lockout_store_errors_total",
                "Failed tries to share failures and bans through the store.",
            ),
        }
    }
}
