//! A server that is in trouble rests, and is tried again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The first rest; each further one is twice as long.
pub(super) const SHORTEST: Duration = Duration::from_millis(250);

/// The longest rest.
pub(super) const LONGEST: Duration = Duration::from_secs(10);

/// How a server has been doing. It outlives a configuration.
#[derive(Debug)]
pub(super) struct Rest(Mutex<State>);

#[derive(Debug)]
struct State {
    standing: Standing,
    /// When that changed last. What began earlier says nothing of what is now: sixteen connections that break at once
    /// are one trouble.
    since: Option<Instant>,
    /// The next rest. It shrinks only when a question was answered, not when a connection could be made.
    pause: Duration,
    /// When a question was answered last.
    answered: Option<Instant>,
    tried: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    Well,
    /// Too little time was left to tell whether it is slow.
    Doubted(String),
    Resting {
        until: Instant,
        why: String,
    },
}

/// What a server is to the next question; the lesser is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Well,
    Doubted,
    /// Its rest is over and nobody has tried it since.
    Rested,
    Resting,
}

/// The right to try a server that rested. One at a time has it.
#[derive(Debug)]
pub(super) struct Trial(Arc<Rest>);

impl Drop for Trial {
    fn drop(&mut self) {
        self.0.state().tried = false;
    }
}

impl Default for Rest {
    fn default() -> Self {
        let state =
            State { standing: Standing::Well, since: None, pause: SHORTEST, answered: None, tried: false };
        Self(Mutex::new(state))
    }
}

impl Rest {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn rank(&self, now: Instant) -> Rank {
        let state = self.state();
        match &state.standing {
            Standing::Well => Rank::Well,
            Standing::Doubted(_) => Rank::Doubted,
            Standing::Resting { until, .. } if *until <= now && !state.tried => Rank::Rested,
            Standing::Resting { .. } => Rank::Resting,
        }
    }

    /// The last trouble of a server that is not well.
    pub(super) fn trouble(&self) -> Option<String> {
        match &self.state().standing {
            Standing::Well => None,
            Standing::Doubted(why) | Standing::Resting { why, .. } => Some(why.clone()),
        }
    }

    /// The same of one that rests.
    pub(super) fn resting(&self) -> Option<String> {
        match &self.state().standing {
            Standing::Resting { why, .. } => Some(why.clone()),
            Standing::Well | Standing::Doubted(_) => None,
        }
    }

    /// When somebody should try it; never, if it is well or is being tried.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let state = self.state();
        match &state.standing {
            _ if state.tried => None,
            Standing::Well => None,
            Standing::Doubted(_) => Some(now),
            Standing::Resting { until, .. } => Some(*until),
        }
    }

    /// The right to try it, if it is due and nobody has it.
    pub(super) fn claim(self: &Arc<Self>, now: Instant) -> Option<Trial> {
        let due = self.due(now).is_some_and(|due| due <= now);
        let mut state = self.state();
        if !due || std::mem::replace(&mut state.tried, true) {
            return None;
        }
        drop(state);
        Some(Trial(Arc::clone(self)))
    }

    /// What began at `began` failed. Whether that is news: it was not at rest.
    pub(super) fn failed(&self, began: Instant, now: Instant, why: String) -> bool {
        let mut state = self.state();
        if state.since.is_some_and(|since| began < since) {
            return false;
        }
        let news = !matches!(state.standing, Standing::Resting { .. });
        state.standing = Standing::Resting { until: now + state.pause, why };
        state.since = Some(now);
        state.pause = (state.pause * 2).min(LONGEST);
        news
    }

    /// What began at `began` had too little time. Whether that is news.
    pub(super) fn doubted(&self, began: Instant, now: Instant, why: String) -> bool {
        let mut state = self.state();
        let news = state.standing == Standing::Well && state.since.is_none_or(|since| began >= since);
        if news {
            state.standing = Standing::Doubted(why);
            state.since = Some(now);
        }
        news
    }

    /// A question that began at `began` was answered. Whether that ended a rest.
    pub(super) fn answered(&self, began: Instant, now: Instant) -> bool {
        let ended = self.returned(began, now);
        let mut state = self.state();
        state.answered = state.answered.max(Some(now));
        if state.standing == Standing::Well {
            state.pause = SHORTEST;
        }
        ended
    }

    /// Whether any question was answered since then.
    pub(super) fn answered_since(&self, then: Instant) -> bool {
        self.state().answered.is_some_and(|answered| answered >= then)
    }

    /// A connection could be made. Whether that ended a rest.
    pub(super) fn returned(&self, began: Instant, now: Instant) -> bool {
        let mut state = self.state();
        if state.standing == Standing::Well || state.since.is_some_and(|since| began < since) {
            return false;
        }
        let ended = matches!(state.standing, Standing::Resting { .. });
        state.standing = Standing::Well;
        state.since = Some(now);
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    fn rest_of(rest: &Rest, now: Instant) -> Duration {
        rest.due(now).unwrap() - now
    }

    #[test]
    fn rests_double_until_the_longest_and_an_answer_ends_that() {
        let (rest, mut now) = (Arc::new(Rest::default()), Instant::now());
        let mut seen = Vec::new();
        for number in 0..8 {
            assert_eq!(rest.failed(now, now, "down".to_owned()), number == 0);
            seen.push(rest_of(&rest, now).as_millis());
            assert_eq!(rest.rank(now), Rank::Resting);
            now += LONGEST;
            assert_eq!(rest.rank(now), Rank::Rested);
        }
        assert_eq!(seen, [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
        // That a connection can be made again proves little.
        assert!(rest.returned(now, now));
        assert_eq!((rest.rank(now), rest.trouble()), (Rank::Well, None));
        rest.failed(now, now, "down".to_owned());
        assert_eq!(rest_of(&rest, now), LONGEST);
        now += LONGEST;
        assert!(rest.answered(now, now));
        assert!(!rest.answered(now, now));
        rest.failed(now, now, "down".to_owned());
        assert_eq!(rest_of(&rest, now), SHORTEST);
    }

    #[test]
    fn what_breaks_together_is_one_trouble() {
        let (rest, began) = (Rest::default(), Instant::now());
        let now = began + MOMENT;
        assert!(rest.failed(began, now, "down".to_owned()));
        for _ in 0..16 {
            assert!(!rest.failed(began, now + MOMENT, "down too".to_owned()));
        }
        assert_eq!((rest_of(&rest, now), rest.trouble().as_deref()), (SHORTEST, Some("down")));
        // What was asked before it broke and answered late does not bring it back.
        assert!(!rest.answered(began, now + MOMENT));
        assert_eq!(rest.resting().as_deref(), Some("down"));
    }

    #[test]
    fn one_at_a_time_tries_it_when_its_rest_is_over() {
        let (rest, now) = (Arc::new(Rest::default()), Instant::now());
        assert!(rest.claim(now).is_none(), "it is well");
        rest.failed(now, now, "down".to_owned());
        assert!(rest.claim(now + SHORTEST * 9 / 10).is_none());
        let later = now + SHORTEST;
        let trial = rest.claim(later).unwrap();
        assert!(rest.claim(later).is_none());
        assert_eq!((rest.rank(later), rest.due(later)), (Rank::Resting, None));
        // Whoever stops trying makes room.
        drop(trial);
        assert_eq!(rest.rank(later), Rank::Rested);
        assert!(rest.claim(later).is_some());
    }

    #[test]
    fn a_doubt_is_looked_into_at_once_and_keeps_nobody_away() {
        let (rest, now) = (Arc::new(Rest::default()), Instant::now());
        assert!(rest.doubted(now, now, "slow".to_owned()));
        assert!(!rest.doubted(now, now, "slow".to_owned()));
        assert_eq!((rest.rank(now), rest.due(now), rest.resting()), (Rank::Doubted, Some(now), None));
        let trial = rest.claim(now).unwrap();
        assert_eq!(rest.rank(now), Rank::Doubted);
        assert!(!rest.returned(now, now), "it did not rest");
        drop(trial);
        assert_eq!(rest.rank(now), Rank::Well);
        assert!(rest.failed(now, now + MOMENT, "down".to_owned()));
        assert!(!rest.doubted(now + MOMENT, now + MOMENT, "slow".to_owned()), "rest is more than doubt");
        assert!(rest.resting().is_some());
    }
}
