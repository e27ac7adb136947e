//! How long honest clients waited.

use std::fmt;
use std::time::Duration;

/// Of requests that were all answered.
#[derive(Default)]
pub(super) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(super) fn add(&mut self, waited: Duration) {
        self.0.push(waited);
    }

    pub(super) fn sorted(mut self) -> Self {
        self.0.sort_unstable();
        self
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn slowest(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }

    fn percentile(&self, percent: usize) -> Duration {
        let place = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(place).copied().unwrap_or_default()
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let [half, most] = [50, 99].map(|percent| ms(self.percentile(percent)));
        write!(f, "{} | {half:.1} | {most:.1} | {:.1}", self.count(), ms(self.slowest()))
    }
}
