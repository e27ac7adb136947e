//! Leaves a provider alone that does not answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use dockgate_api::BackendError;

/// For so long after a failure nobody asks again: about one person, and, after several, about anybody.
pub(super) const PAUSE: Duration = Duration::from_secs(15);
/// A provider that says when it wants to be asked again is left alone for so long at the most.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// So many failures one after another are no accident.
const MANY: u32 = 3;

/// When a person is asked about again after this error.
pub(super) fn pause_after(error: &BackendError) -> Duration {
    match error {
        BackendError::Overloaded { retry_after, .. } => (*retry_after).clamp(PAUSE, LONGEST_PAUSE),
        _ => PAUSE,
    }
}

/// Whether a pause that began with a time in it still holds. A clock that went back ends it.
pub(super) fn holds(until: SystemTime, now: SystemTime) -> bool {
    until.duration_since(now).is_ok_and(|left| !left.is_zero() && left <= LONGEST_PAUSE)
}

/// The breakers of all links, by name. They outlive a configuration: a provider that is down is down for the next one too.
#[derive(Default)]
pub struct Breakers(Mutex<HashMap<String, Arc<Breaker>>>);

impl Breakers {
    pub(super) fn of(&self, link: &str) -> Arc<Breaker> {
        Arc::clone(self.all().entry(link.to_owned()).or_default())
    }

    /// Forgets those of other links than these.
    pub(super) fn retain(&self, links: &[String]) {
        self.all().retain(|link, _| links.contains(link));
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Breaker>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a provider did lately.
#[derive(Default)]
pub(super) struct Breaker(Mutex<Lately>);

#[derive(Default)]
struct Lately {
    failures: u32,
    open_until: Option<SystemTime>,
}

impl Breaker {
    /// Whether it may be asked now. After a pause one question finds out for all.
    pub(super) fn lets_through(&self, now: SystemTime) -> bool {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.open_until.is_some_and(|until| holds(until, now)) {
            return false;
        }
        lately.open_until = (lately.failures >= MANY).then(|| now + PAUSE);
        true
    }

    /// It answered.
    pub(super) fn answered(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Lately::default();
    }

    /// It did not. Nonsense about one person, or too many questions, says nothing of the others.
    pub(super) fn failed(&self, error: &BackendError, now: SystemTime) {
        if matches!(error, BackendError::Unavailable(_) | BackendError::Timeout(_)) {
            let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            lately.failures = lately.failures.saturating_add(1);
            if lately.failures >= MANY {
                lately.open_until = Some(now + PAUSE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::noon;

    use super::*;

    #[test]
    fn after_several_failures_one_question_in_a_while_finds_out() {
        let (breaker, down) = (Breaker::default(), BackendError::Unavailable("x".to_owned()));
        let second = Duration::from_secs(1);
        for _ in 0..MANY {
            assert!(breaker.lets_through(noon()));
            breaker.failed(&down, noon());
        }
        assert!(!breaker.lets_through(noon()));
        assert!(!breaker.lets_through(noon() + PAUSE - second));
        assert!(breaker.lets_through(noon() + PAUSE), "one finds out");
        assert!(!breaker.lets_through(noon() + PAUSE), "and no other meanwhile");
        assert!(breaker.lets_through(noon() - Duration::from_secs(3600)), "the clock went back");
        breaker.answered();
        assert!(breaker.lets_through(noon() + PAUSE) && breaker.lets_through(noon() + PAUSE));
    }

    #[test]
    fn nonsense_about_one_person_keeps_nobody_else_from_being_asked_about() {
        let breaker = Breaker::default();
        for _ in 0..10 {
            breaker.failed(&BackendError::Protocol("x".to_owned()), noon());
        }
        assert!(breaker.lets_through(noon()));
    }

    #[test]
    fn a_provider_that_says_when_is_heard_within_reason() {
        let full = |seconds| BackendError::Overloaded {
            detail: String::new(),
            retry_after: Duration::from_secs(seconds),
        };
        assert_eq!(pause_after(&full(1)), PAUSE);
        assert_eq!(pause_after(&full(60)), Duration::from_secs(60));
        assert_eq!(pause_after(&full(1_000_000)), LONGEST_PAUSE);
        assert_eq!(pause_after(&BackendError::Timeout(String::new())), PAUSE);
    }
}
