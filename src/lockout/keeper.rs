//! What lock-out does by itself while a server runs.

use std::convert::Infallible;
use std::time::Duration;

use super::Guard;

/// So soon a ban holds on other servers too, and its end is told.
const EVERY: Duration = Duration::from_secs(1);

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
        guard.review().await;
        tokio::time::sleep(EVERY).await;
    }
}
