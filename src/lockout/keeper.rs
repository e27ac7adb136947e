//! What lock-out does by itself while a server runs.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use super::Guard;

/// So soon a ban holds on other servers too, and its end is told.
const EVERY: Duration = Duration::from_secs(1);
/// Where that takes long, as with many thousand bans, the store has nine tenths of the time for others, within bounds.
const REST: u32 = 9;
const LONGEST_REST: Duration = Duration::from_secs(10);

impl Guard {
    /// Tells which bans are over, and looks at what other servers have written.
    pub async fn review(&self) {
        let over = self.book.bans.end_over(self.clock.now());
        for ban in &over {
            ban.log_ended("a ban has ended");
        }
        if let Some(shared) = self.shared() {
            shared.look().await;
        }
    }
}

/// Reviews the bans again and again, as long as it is polled.
pub async fn keep(guard: Guard) -> Infallible {
    loop {
        let begun = Instant::now();
        guard.review().await;
        tokio::time::sleep(rest(begun.elapsed())).await;
    }
}

fn rest(took: Duration) -> Duration {
    took.saturating_mul(REST).clamp(EVERY, LONGEST_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_for_long_looks_less_often() {
        let rests = [0, 100, 200, 1_000, 2_000, 10_000].map(|took| rest(Duration::from_millis(took)));
        assert_eq!(rests.map(|rest| rest.as_millis()), [1_000, 1_000, 1_800, 9_000, 10_000, 10_000]);
    }
}
