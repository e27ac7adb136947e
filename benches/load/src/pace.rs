//! When requests are due.
//!
//! The timers of tokio count whole milliseconds, which is longer than most answers take. A thread's sleep does not.

use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// More often than that the generator need not wake up.
const SHORTEST: Duration = Duration::from_micros(100);
/// After that long it looks whether the gate is closed.
const LONGEST: Duration = Duration::from_millis(20);

/// An even pace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    start: Instant,
    a_second: u32,
}

impl Pace {
    pub(crate) fn new(start: Instant, a_second: u32) -> Self {
        Self { start, a_second: a_second.max(1) }
    }

    /// When a request is due; the first has number 0.
    pub(crate) fn due(&self, number: u64) -> Instant {
        let nanos = u128::from(number) * 1_000_000_000 / u128::from(self.a_second);
        self.start + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX / 2))
    }

    /// How many are due by then.
    fn number_due(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.start).as_nanos();
        let passed = elapsed * u128::from(self.a_second) / 1_000_000_000;
        u64::try_from(passed).unwrap_or(u64::MAX - 1) + 1
    }

    /// Lets requests through when they are due, until that time or so many, or until the gate is closed.
    pub(crate) fn keep(&self, gate: &Semaphore, until: Instant, most: u64) {
        let mut passed = 0;
        while passed < most && !gate.is_closed() {
            let now = Instant::now();
            if now >= until {
                break;
            }
            let due = self.number_due(now).min(most);
            gate.add_permits(usize::try_from(due - passed).unwrap_or_default());
            passed = due;
            let wait = self.due(passed).saturating_duration_since(Instant::now());
            thread::sleep(wait.clamp(SHORTEST, LONGEST));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::sync::Semaphore;

    use super::Pace;

    #[test]
    fn requests_are_due_evenly() {
        let start = Instant::now();
        let pace = Pace::new(start, 400);
        assert_eq!(pace.due(0), start);
        assert_eq!(pace.due(3), start + Duration::from_micros(7500));
        assert_eq!(pace.number_due(start), 1);
        assert_eq!(pace.number_due(start + Duration::from_micros(7499)), 3);
        assert_eq!(pace.number_due(start + Duration::from_micros(7500)), 4);
        assert_eq!(pace.number_due(start + Duration::from_secs(600)), 240_001);
    }

    #[test]
    fn the_gate_lets_through_as_many_as_there_may_be() {
        let gate = Semaphore::new(0);
        let start = Instant::now();
        let far = start + Duration::from_secs(60);
        Pace::new(start, 1000).keep(&gate, far, 20);
        assert_eq!(gate.available_permits(), 20);
        assert!(start.elapsed() >= Duration::from_millis(19), "{:?}", start.elapsed());

        let gate = Semaphore::new(0);
        Pace::new(start, 1000).keep(&gate, start, 20);
        assert_eq!(gate.available_permits(), 0, "the time was over");
        gate.close();
        Pace::new(start, 1000).keep(&gate, far, 20);
        assert_eq!(gate.available_permits(), 0, "the gate was closed");
    }
}
