//! Warnings that whoever connects can cause.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two warnings of one kind.
const PAUSE: Duration = Duration::from_mins(1);

/// Lets one warning pass in a minute and counts the others.
#[derive(Debug, Default)]
pub(crate) struct Seldom(Mutex<Said>);

#[derive(Debug, Default)]
struct Said {
    last: Option<Instant>,
    withheld: u64,
}

impl Seldom {
    /// Whether a warning may be given now: then how many were withheld before it.
    pub(crate) fn may_say(&self, now: Instant) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.last.is_some_and(|last| now.saturating_duration_since(last) < PAUSE) {
            said.withheld += 1;
            return None;
        }
        said.last = Some(now);
        Some(std::mem::take(&mut said.withheld))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_a_minute_and_the_others_are_counted() {
        let (seldom, start) = (Seldom::default(), Instant::now());
        let at = |seconds| seldom.may_say(start + Duration::from_secs(seconds));
        assert_eq!(
            [at(0), at(1), at(59), at(60), at(61), at(180)],
            [Some(0), None, None, Some(2), None, Some(1)]
        );
    }
}
