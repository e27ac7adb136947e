//! For how long places are held lately.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// How much a new time weighs: one part in so many.
const WEIGHT: u64 = 8;

/// A moving average, in nanoseconds; 0 before the first.
#[derive(Debug, Default)]
pub(super) struct Pace(AtomicU64);

impl Pace {
    /// A place was held for so long.
    pub(super) fn held(&self, time: Duration) {
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let next = |mean: u64| match mean {
            0 => Some(time.max(1)),
            _ => Some((mean - mean / WEIGHT).saturating_add(time / WEIGHT).max(1)),
        };
        // One that is lost to another thread's changes little, but none is.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    /// When a place should be free for one more, if `waiting` come first: whole seconds, rounded up.
    pub(super) fn retry_after(&self, waiting: usize, places: usize) -> Duration {
        let mean = u128::from(self.0.load(Ordering::Relaxed));
        let (ahead, places) = (waiting as u128 + 1, (places as u128).max(1));
        let seconds = mean.saturating_mul(ahead).div_ceil(places).div_ceil(1_000_000_000);
        Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX)).clamp(SHORTEST, LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn says_how_long_those_who_wait_will_take() {
        let pace = Pace::default();
        assert_eq!(pace.retry_after(1_000, 16), SHORTEST, "nothing is known yet");
        pace.held(Duration::from_millis(200));
        assert_eq!(pace.retry_after(999, 16), Duration::from_secs(13), "1000 * 0.2 s / 16 = 12.5 s");
        assert_eq!(pace.retry_after(0, 16), SHORTEST);
        assert_eq!(pace.retry_after(100_000, 16), LONGEST);
        for _ in 0..100 {
            pace.held(Duration::from_secs(2));
        }
        assert_eq!(pace.retry_after(15, 16), Duration::from_secs(2), "what is long ago no longer counts");
    }

    proptest! {
        #[test]
        fn stays_between_the_shortest_and_the_longest(
            times in prop::collection::vec(any::<u64>(), 0..20),
            waiting in any::<usize>(),
            places in any::<usize>(),
        ) {
            let pace = Pace::default();
            let (mut least, mut most) = (u64::MAX, 0);
            for time in times {
                pace.held(Duration::from_nanos(time));
                (least, most) = (least.min(time), most.max(time));
                let mean = pace.0.load(Ordering::Relaxed);
                prop_assert!(mean <= most.max(1));
                // Each step may round down by less than 2 * WEIGHT.
                prop_assert!(mean.saturating_add(2 * WEIGHT * 20) >= least);
            }
            prop_assert!((SHORTEST..=LONGEST).contains(&pace.retry_after(waiting, places)));
        }
    }
}
