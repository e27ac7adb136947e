//! Metrics to read back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use dockgate_api::{Counter, Gauge, Histogram, Metrics, Series};

/// Keeps every number by its name; labels do not tell series apart here.
#[derive(Debug, Default)]
pub struct CountingMetrics {
    counters: Mutex<BTreeMap<&'static str, Counter>>,
    gauges: Mutex<BTreeMap<&'static str, Gauge>>,
    histograms: Mutex<BTreeMap<&'static str, Histogram>>,
}

impl CountingMetrics {
    /// How far a counter got; 0 if nobody asked for one of that name.
    pub fn counted(&self, name: &str) -> u64 {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        counters.get(name).map_or(0, Counter::get)
    }

    /// Where a gauge stands; 0 if nobody asked for one of that name.
    pub fn gauged(&self, name: &str) -> i64 {
        let gauges = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        gauges.get(name).map_or(0, Gauge::get)
    }
}

impl Metrics for CountingMetrics {
    fn counter(&self, series: &Series) -> Counter {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner).entry(series.name).or_default().clone()
    }

    fn gauge(&self, series: &Series) -> Gauge {
        self.gauges.lock().unwrap_or_else(PoisonError::into_inner).entry(series.name).or_default().clone()
    }

    fn histogram(&self, series: &Series) -> Histogram {
        self.histograms.lock().unwrap_or_else(PoisonError::into_inner).entry(series.name).or_default().clone()
    }
}
