//! What is counted of revalidations.

use std::collections::HashMap;

use dockgate_api::{Counter, Metrics, Series};

/// Counts for each link with a flow. One that was made by default counts nothing.
#[derive(Default)]
pub(super) struct Meter(HashMap<String, OfLink>);

struct OfLink {
    current: Counter,
    gone: Counter,
    failed: Counter,
}

/// What a provider said.
#[derive(Clone, Copy, Debug)]
pub(super) enum Said {
    Current,
    Gone,
    Nothing,
}

impl Meter {
    pub(super) fn new(metrics: &dyn Metrics, links: impl Iterator<Item = String>) -> Self {
        let of_link = |link: String| {
            let count = |outcome: &str| {
                let series = Series::new(
                    "dockgate_sign_in_revalidations_total",
                    "Questions to identity providers whether somebody who signed in is still there.",
                );
                metrics.counter(&series.label("link", &link).label("outcome", outcome))
            };
            let counts = OfLink { current: count("current"), gone: count("gone"), failed: count("error") };
            (link, counts)
        };
        Self(links.map(of_link).collect())
    }

    pub(super) fn count(&self, link: &str, said: Said) {
        if let Some(counts) = self.0.get(link) {
            let counter = match said {
                Said::Current => &counts.current,
                Said::Gone => &counts.gone,
                Said::Nothing => &counts.failed,
            };
            counter.add(1);
        }
    }
}
