//! Metrics to read back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use dockgate_api::{Counter, Gauge, Metrics};

/// Keeps every number by its name.
#[derive(Debug, Default)]
pub struct CountingMetrics {
    counters: Mutex<BTreeMap<&'static str, Counter>>,
    gauges: Mutex<BTreeMap<&'static str, Gauge>>,
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
    fn counter(&self, name: &'static str, _help: &'static str) -> Counter {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default().clone()
    }

    fn gauge(&self, name: &'static str, _help: &'static str) -> Gauge {
        self.gauges.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default().clone()
    }
}
