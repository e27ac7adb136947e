//! A hook that fails again and again is left alone for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use dockgate_api::Health;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Failures in a row.
    pub(crate) failures: u32,
    /// From the last of them until a question is let through again.
    pub(crate) pause: Duration,
}

/// How a hook has been doing. It outlives a configuration, the bounds do not.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// In a row.
    failures: u32,
    open_since: Option<SystemTime>,
    probing: bool,
    /// What the last question came to, if to nothing.
    trouble: Option<String>,
}

/// The right to ask. Dropped without a word, it says nothing of the hook.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the hook may be asked. After the pause one question at a time may, until one is answered.
    ///
    /// # Errors
    /// What happened last, while it may not.
    pub(crate) fn admit(&self, now: SystemTime, bounds: Bounds) -> Result<Permit<'_>, String> {
        let mut state = self.state();
        let Some(since) = state.open_since else { return Ok(Permit { breaker: self, probe: false }) };
        // A clock that was set back would keep it open for as long.
        let over = now.duration_since(since).map_or(true, |open| open >= bounds.pause);
        if !over || state.probing {
            return Err(state.trouble.clone().unwrap_or_default());
        }
        state.probing = true;
        Ok(Permit { breaker: self, probe: true })
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state().open_since.is_some()
    }

    pub(crate) fn health(&self) -> Health {
        let state = self.state();
        match (&state.trouble, state.open_since) {
            (None, _) => Health::Up,
            (Some(trouble), None) => Health::Degraded(format!("the last question failed: {trouble}")),
            (Some(trouble), Some(_)) => {
                Health::Down(format!("not asked after {} failures in a row: {trouble}", state.failures))
            }
        }
    }
}

impl Permit<'_> {
    /// The hook answered.
    pub(crate) fn answered(self) {
        let mut state = self.breaker.state();
        (state.failures, state.open_since, state.trouble) = (0, None, None);
    }

    /// The hook is in trouble.
    pub(crate) fn failed(self, trouble: String, now: SystemTime, bounds: Bounds) {
        let mut state = self.breaker.state();
        state.failures = state.failures.saturating_add(1);
        state.trouble = Some(trouble);
        // Questions that were on their way when it opened keep it open no longer.
        if self.probe || (state.open_since.is_none() && state.failures >= bounds.failures) {
            state.open_since = Some(now);
        }
    }

    /// It answered, and what it answered makes no sense: that is no reason to ask it nothing more.
    pub(crate) fn puzzled(self, trouble: String) {
        let mut state = self.breaker.state();
        (state.failures, state.open_since, state.trouble) = (0, None, Some(trouble));
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.state().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::noon;

    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);
    const BOUNDS: Bounds = Bounds { failures: 3, pause: PAUSE };

    fn fail(breaker: &Breaker, now: SystemTime) {
        breaker.admit(now, BOUNDS).unwrap().failed("down".to_owned(), now, BOUNDS);
    }

    fn opened() -> Breaker {
        let breaker = Breaker::default();
        for _ in 0..3 {
            fail(&breaker, noon());
        }
        breaker
    }

    #[test]
    fn it_opens_after_so_many_failures_in_a_row_and_only_then() {
        let breaker = Breaker::default();
        for _ in 0..5 {
            fail(&breaker, noon());
            fail(&breaker, noon());
            assert!(matches!(breaker.health(), Health::Degraded(_)));
            breaker.admit(noon(), BOUNDS).unwrap().answered();
            assert_eq!(breaker.health(), Health::Up);
        }
        let breaker = opened();
        assert_eq!(breaker.admit(noon() + PAUSE - Duration::from_nanos(1), BOUNDS).unwrap_err(), "down");
        assert_eq!(breaker.health(), Health::Down("not asked after 3 failures in a row: down".to_owned()));
    }

    #[test]
    fn after_the_pause_one_at_a_time_is_let_through() {
        let breaker = opened();
        let then = noon() + PAUSE;
        let probe = breaker.admit(then, BOUNDS).unwrap();
        assert!(breaker.admit(then, BOUNDS).is_err());
        probe.failed("still down".to_owned(), then, BOUNDS);
        assert_eq!(breaker.admit(then + PAUSE / 2, BOUNDS).unwrap_err(), "still down");
        // A probe that nobody waits for any more makes room for the next.
        drop(breaker.admit(then + PAUSE, BOUNDS).unwrap());
        breaker.admit(then + PAUSE, BOUNDS).unwrap().answered();
        assert!(!breaker.is_open());
        let both = [breaker.admit(then, BOUNDS), breaker.admit(then, BOUNDS)];
        assert!(both.iter().all(Result::is_ok));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_it_open() {
        let breaker = opened();
        let before = noon() - Duration::from_secs(1_000_000);
        breaker.admit(before, BOUNDS).unwrap().failed("down".to_owned(), before, BOUNDS);
        assert!(breaker.admit(before + PAUSE / 2, BOUNDS).is_err());
        assert!(breaker.admit(before + PAUSE, BOUNDS).is_ok());
    }

    #[test]
    fn an_answer_without_sense_opens_nothing_and_is_remembered() {
        let breaker = opened();
        breaker.admit(noon() + PAUSE, BOUNDS).unwrap().puzzled("no document".to_owned());
        assert!(!breaker.is_open());
        assert_eq!(breaker.health(), Health::Degraded("the last question failed: no document".to_owned()));
    }
}
