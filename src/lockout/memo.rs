//! What was wrong a moment ago, and what was right some time ago. Keyed hashes, in memory only.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key};
use dockgate_api::{Random, RandomError};
use quick_cache::sync::Cache;

use super::table::milliseconds;

/// Wrong passwords that are known.
const MOST_WRONG: usize = 8192;
/// Right ones, by place in an array.
const MOST_RIGHT: usize = 16_384;

/// Names one attempt: who, from where, for which service, with which password.
pub(super) type Print = [u8; 32];

/// Makes prints. The key is random and never leaves the process.
pub(super) struct Printer(Key);

impl Printer {
    pub(super) fn new(random: &dyn Random) -> Result<Self, RandomError> {
        let mut key = [0; 32];
        random.fill(&mut key)?;
        Ok(Self(Key::new(HMAC_SHA256, &key)))
    }

    /// Lengths stand in front of the parts: no two lists of parts give the same bytes.
    pub(super) fn print(&self, parts: [&[u8]; 5]) -> Print {
        let mut context = Context::with_key(&self.0);
        context.update(parts.map(|part| part.len().to_be_bytes()).as_flattened());
        for part in parts {
            context.update(part);
        }
        let mut print = [0; 32];
        for (to, from) in print.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        print
    }
}

/// Attempts that came to nothing a moment ago.
pub(super) struct Wrong(Cache<Print, Known>);

#[derive(Clone, Copy)]
struct Known {
    /// In milliseconds since 1970.
    since: u64,
    until: u64,
    /// Whether it was refused. Else nobody waited for the answer: it counts, and may have been right.
    refused: bool,
}

impl Wrong {
    pub(super) fn new() -> Self {
        Self(Cache::new(MOST_WRONG))
    }

    /// Whether it was refused a moment ago, and would be again.
    pub(super) fn was_refused(&self, print: &Print, now: SystemTime) -> bool {
        self.at(print, now).is_some_and(|known| known.refused)
    }

    /// Notes one; whether it is new, and so counts.
    pub(super) fn note(&self, print: Print, now: SystemTime, lasts: Duration, refused: bool) -> bool {
        let known = self.at(&print, now);
        let since = milliseconds(now);
        // What is refused again, beside the first, is not known for any longer.
        let until = match known {
            Some(known) if known.refused => known.until,
            _ => since.saturating_add(u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX)),
        };
        let refused = refused || known.is_some_and(|known| known.refused);
        self.0.insert(print, Known { since, until, refused });
        known.is_none()
    }

    fn at(&self, print: &Print, now: SystemTime) -> Option<Known> {
        let now = milliseconds(now);
        // A clock that went back must not make it last.
        self.0.get(print).filter(|known| known.since <= now && now < known.until)
    }
}

/// Which logins were right, as 64 bits each that nobody outside can foresee. Who is in it is not slowed; nothing else
/// comes of it.
pub(super) struct Right(Box<[AtomicU64]>);

impl Right {
    pub(super) fn new() -> Self {
        Self((0..MOST_RIGHT).map(|_| AtomicU64::new(0)).collect())
    }

    pub(super) fn knows(&self, proof: u64) -> bool {
        self.at(proof).is_some_and(|place| place.load(Ordering::Relaxed) == proof)
    }

    pub(super) fn remember(&self, proof: u64) {
        if let Some(place) = self.at(proof)
            && place.load(Ordering::Relaxed) != proof
        {
            place.store(proof, Ordering::Relaxed);
        }
    }

    pub(super) fn forget(&self, proof: u64) {
        if let Some(place) = self.at(proof) {
            let _ = place.compare_exchange(proof, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn at(&self, proof: u64) -> Option<&AtomicU64> {
        self.0.get(usize::try_from(proof % MOST_RIGHT as u64).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::{World, noon};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_wrong_password_is_known_for_its_time_and_no_longer() {
        let wrong = Wrong::new();
        assert!(wrong.note([7; 32], noon(), SECOND * 10, true));
        assert!(!wrong.note([7; 32], noon() + SECOND * 9, SECOND * 10, true), "counted before");
        assert!(wrong.was_refused(&[7; 32], noon() + SECOND * 9));
        assert!(!wrong.was_refused(&[7; 32], noon() + SECOND * 10), "the second one makes it no longer");
        assert!(!wrong.was_refused(&[8; 32], noon()));
    }

    #[test]
    fn a_clock_that_went_back_makes_nothing_last() {
        let wrong = Wrong::new();
        wrong.note([7; 32], noon(), SECOND * 10, true);
        assert!(!wrong.was_refused(&[7; 32], noon() - SECOND * 3600));
    }

    #[test]
    fn what_nobody_waited_for_counts_once_and_is_refused_to_nobody() {
        let wrong = Wrong::new();
        assert!(wrong.note([7; 32], noon(), SECOND * 10, false));
        assert!(!wrong.was_refused(&[7; 32], noon()));
        assert!(!wrong.note([7; 32], noon(), SECOND * 10, true));
        assert!(wrong.was_refused(&[7; 32], noon()));
    }

    #[test]
    fn nothing_is_known_for_no_time() {
        let wrong = Wrong::new();
        assert!(wrong.note([7; 32], noon(), Duration::ZERO, true));
        assert!(wrong.note([7; 32], noon(), Duration::ZERO, true));
    }

    #[test]
    fn a_hundred_thousand_wrong_passwords_take_no_more_room_than_a_few() {
        let wrong = Wrong::new();
        for number in 0..100_000_u64 {
            let mut print = [0; 32];
            print[..8].copy_from_slice(&number.to_be_bytes());
            wrong.note(print, noon(), SECOND, true);
        }
        assert!(wrong.0.len() <= MOST_WRONG);
    }

    #[test]
    fn prints_tell_parts_apart() {
        let printer = Printer::new(World::new().random.as_ref()).unwrap();
        let print = |a: &str, b: &str| printer.print([a.as_bytes(), b.as_bytes(), b"", b"", b""]);
        assert_eq!(print("ab", "c"), print("ab", "c"));
        assert_ne!(print("ab", "c"), print("a", "bc"));
    }

    #[test]
    fn right_ones_are_remembered_until_they_are_wrong() {
        let right = Right::new();
        right.remember(7);
        assert!(right.knows(7));
        right.forget(7 + MOST_RIGHT as u64);
        assert!(right.knows(7), "another one at the same place");
        right.forget(7);
        assert!(!right.knows(7));
    }
}
