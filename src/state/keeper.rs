//! Keeps the keys of a running server as their files are, renews what renews itself, and watches the store.

use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use dockgate_api::config::Problem;
use dockgate_api::{Call, Store as _};

use super::State;
use super::signing::Findings;
use crate::logging::problem;
use crate::metrics::Certificates;
use crate::watch::Watcher;

/// Clocks jump, and file systems forget to tell: nothing rests on one timer.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
/// How often the time of day is looked at.
const TICK: Duration = Duration::from_secs(20);
/// A renewal that failed is tried again after so long.
const SHORTEST_WAIT: Duration = Duration::from_secs(30);
/// Files are read in milliseconds, and the lock of managed keys is waited for ten seconds.
const REVIEWED_WITHIN: Duration = Duration::from_secs(60);
/// How often the store is asked how it is, and what it may take to say so.
const ASKED_EVERY: Duration = Duration::from_secs(10);
const SAID_WITHIN: Duration = Duration::from_secs(5);
/// What is still wrong is said again.
const REMIND_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

impl State {
    /// Looks at the key files again, and signs with what they hold from now on if it may. Answers what is to be said, and
    /// when to look again at the latest.
    pub fn review_keys(&self) -> (Findings, Option<SystemTime>) {
        let review = self.plan.review(&self.signing.load(), self.now());
        if let Some(signing) = review.signing {
            let keys: Vec<String> = signing.keys().iter().map(|key| key.key.describe()).collect();
            self.signing.swap(signing);
            tracing::info!(keys = keys.join("; ").as_str(), "signing keys changed");
        }
        self.count_certificates();
        (review.findings, review.again_at)
    }

    /// Says in the metrics when the certificates of the keys end.
    fn count_certificates(&self) {
        let (names, signing): (Vec<String>, _) = (self.plan.key_names().collect(), self.signing());
        for of in [Certificates::Signing, Certificates::Managed] {
            let ends = names.iter().zip(signing.keys()).filter(|(_, key)| {
                let renewed = key.managed.as_ref().is_some_and(|managed| managed.renews_itself);
                renewed == (of == Certificates::Managed)
            });
            of.end(&self.outside.metrics, ends.map(|(name, key)| (name.as_str(), key.ends())));
        }
    }
}

/// Reviews the keys at once, then when their files change and when one is due, as long as it is polled.
pub async fn keep_keys(state: Arc<State>) -> Infallible {
    // Before the files are looked at: what changes in between is an event.
    let mut watcher = Watcher::new(state.plan.files());
    let mut told = Told { what: state.key_findings.clone(), at: state.now() };
    loop {
        let again_at = match reviewed(&state).await {
            Some((findings, again_at)) => {
                told.tell(findings, state.now());
                again_at
            }
            None => None,
        };
        let now = state.now();
        let wait = again_at.map_or(LONGEST_WAIT, |again| again.duration_since(now).unwrap_or_default());
        let again = now..now + wait.clamp(SHORTEST_WAIT, LONGEST_WAIT);
        tokio::select! {
            () = watcher.changed() => {}
            () = outside(&again, &state) => {}
        }
    }
}

/// Ready once the time of day has left a span. It may jump, after a suspension too, so that no timer is long.
async fn outside(span: &Range<SystemTime>, state: &State) {
    while span.contains(&state.now()) {
        tokio::time::sleep(TICK).await;
    }
}

/// Asks the store again and again how it is, as long as it is polled: its metrics say it also where nobody logs in.
pub async fn watch_store(state: Arc<State>) -> Infallible {
    let Some(store) = state.store() else { return std::future::pending().await };
    loop {
        let cx = Call::new(state.now(), Instant::now() + SAID_WITHIN, state.next_request_id());
        // It notes itself what it says.
        store.health(&cx).await;
        tokio::time::sleep(ASKED_EVERY).await;
    }
}

/// One review, beside the requests: files may be slow, and another process may hold the lock.
async fn reviewed(state: &Arc<State>) -> Option<(Findings, Option<SystemTime>)> {
    let reviewing = Arc::clone(state);
    let mut review = tokio::task::spawn_blocking(move || reviewing.review_keys());
    let mut late = false;
    loop {
        match tokio::time::timeout(REVIEWED_WITHIN, &mut review).await {
            Ok(Ok(reviewed)) => return Some(reviewed),
            Ok(Err(error)) => {
                tracing::error!(%error, "the review of the signing keys failed");
                return None;
            }
            // No second one beside it: it would hang too.
            Err(_) if !late => {
                late = true;
                tracing::error!(
                    "the key files cannot be read: the file system hangs; the keys from before go on signing"
                );
            }
            Err(_) => {}
        }
    }
}

/// What was said of the keys, so that it is not said at every look.
struct Told {
    what: Findings,
    at: SystemTime,
}

impl Told {
    fn tell(&mut self, findings: Findings, now: SystemTime) {
        // A clock that went back is no reason to be silent until then.
        let due = now.duration_since(self.at).is_ok_and(|past| past >= REMIND_AFTER) || now < self.at;
        let is_new = |problem: &&Problem, known: &[Problem]| due || !known.contains(problem);
        let Findings { problems, alarms, warnings, notes } = &findings;
        let known = [&self.what.problems, &self.what.alarms].map(Vec::as_slice).concat();
        problems.iter().chain(alarms).filter(|found| is_new(found, &known)).for_each(problem::error);
        warnings.iter().filter(|found| is_new(found, &self.what.warnings)).for_each(problem::warn);
        notes.iter().filter(|found| !self.what.notes.contains(found)).for_each(problem::info);
        let nothing = |findings: &Findings| findings.problems.is_empty() && findings.alarms.is_empty();
        if nothing(&findings) && !nothing(&self.what) {
            tracing::info!("the signing keys are as they should be again");
        }
        if due || findings != self.what {
            self.at = now;
        }
        self.what = findings;
    }
}
