//! Keeps the keys of a running server as their files are, and renews what renews itself.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dockgate_api::config::Problem;

use super::State;
use crate::watch::Watcher;

/// Clocks jump, and file systems forget to tell: nothing rests on one timer.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
/// A renewal that failed is tried again after so long.
const SHORTEST_WAIT: Duration = Duration::from_secs(30);
/// What is still wrong is said again.
const REMIND_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

impl State {
    /// Looks at the key files again, and signs with what they hold from now on if it may. Answers what is wrong, and when
    /// to look again at the latest.
    pub fn review_keys(&self) -> (Vec<Problem>, Option<SystemTime>) {
        let review = self.plan.review(&self.signing.load(), self.now());
        if let Some(signing) = review.signing {
            let keys: Vec<String> = signing.keys().iter().map(|key| key.key.describe()).collect();
            self.signing.swap(signing);
            tracing::info!(keys = keys.join("; ").as_str(), "signing keys changed");
        }
        (review.problems.into_iter().chain(review.warnings).collect(), review.again_at)
    }
}

/// Reviews the keys when their files change and when one is due, as long as it is polled.
pub async fn keep_keys(state: Arc<State>) -> Infallible {
    let mut watcher = Watcher::new(state.plan.files());
    let mut told = Told::default();
    let mut again_at = state.signing.load().renew_at();
    loop {
        let left = again_at.map(|again| again.duration_since(state.now()).unwrap_or_default());
        let wait = left.unwrap_or(LONGEST_WAIT).clamp(SHORTEST_WAIT, LONGEST_WAIT);
        tokio::select! {
            () = watcher.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
        let reviewed = Arc::clone(&state);
        // Files may be slow, and another process may hold the lock.
        match tokio::task::spawn_blocking(move || reviewed.review_keys()).await {
            Ok((wrong, again)) => {
                told.tell(wrong, state.now());
                again_at = again;
            }
            Err(error) => tracing::error!(%error, "the review of the signing keys failed"),
        }
    }
}

/// What was said of the keys, so that it is not said at every look.
#[derive(Default)]
struct Told {
    what: Vec<Problem>,
    at: Option<SystemTime>,
}

impl Told {
    fn tell(&mut self, wrong: Vec<Problem>, now: SystemTime) {
        let long_ago = self.at.is_none_or(|at| now.duration_since(at).is_ok_and(|past| past >= REMIND_AFTER));
        if wrong == self.what && !long_ago {
            return;
        }
        for problem in &wrong {
            tracing::warn!(place = %problem.location, key = %problem.path, "{}", problem.message);
        }
        (self.what, self.at) = (wrong, Some(now));
    }
}
