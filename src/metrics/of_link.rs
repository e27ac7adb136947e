//! What a backend counts, under the name of its link.

use std::sync::Arc;

use dockgate_api::{Counter, Gauge, Histogram, Metrics, Series};

/// Metrics whose series carry the labels `chain` and `link`, so that one backend that stands twice is told apart.
pub(crate) struct OfLink {
    metrics: Arc<dyn Metrics>,
    chain: &'static str,
    link: String,
}

impl OfLink {
    /// For a link of `authn` or `authz`.
    pub(crate) fn new(metrics: Arc<dyn Metrics>, chain: &'static str, link: &str) -> Self {
        Self { metrics, chain, link: link.to_owned() }
    }

    fn named(&self, series: &Series) -> Series {
        series.clone().label("chain", self.chain).label("link", self.link.as_str())
    }
}

impl Metrics for OfLink {
    fn counter(&self, series: &Series) -> Counter {
        self.metrics.counter(&self.named(series))
    }

    fn gauge(&self, series: &Series) -> Gauge {
        self.metrics.gauge(&self.named(series))
    }

    fn histogram(&self, series: &Series) -> Histogram {
        self.metrics.histogram(&self.named(series))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::MemoryMetrics;

    #[test]
    fn one_backend_that_stands_twice_counts_twice() {
        let metrics = Arc::new(MemoryMetrics::default());
        let series = Series::new("lookups_total", "h").label("kind", "user");
        for (link, count) in [("one", 1), ("two", 2)] {
            OfLink::new(metrics.clone(), "authn", link).counter(&series).add(count);
        }
        let text = metrics.text();
        for (link, count) in [("one", 1), ("two", 2)] {
            let line = format!("lookups_total{{chain=\"authn\",kind=\"user\",link=\"{link}\"}} {count}\n");
            assert!(text.contains(&line), "{text}");
        }
    }
}
