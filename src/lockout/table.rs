//! How often something failed of late, in a table that cannot grow.
//!
//! Names are 64 bits that nobody outside can foresee, so that nobody can choose what stands beside what. Where there is
//! no room, what has failed least gives way: whoever wants a count to be forgotten must fail as often elsewhere, and so
//! in every set of the table, since they do not know which one matters.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Sets of a table, a power of two.
const SETS: usize = 4096;
/// Names in a set.
const WAYS: usize = 16;

/// The most names that a table holds.
#[cfg(test)]
pub(super) const MOST: usize = SETS * WAYS;

/// Counts of failures by name.
#[derive(Debug)]
pub(super) struct Table {
    sets: Box<[Mutex<Vec<Slot>>]>,
    /// Whether nothing was ever counted: most servers, most of the time.
    untouched: AtomicBool,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    name: u64,
    /// When the first of them was, in milliseconds since 1970.
    began: u64,
    ends: u64,
    count: u32,
}

impl Slot {
    /// A clock that went back is no reason to count on for ever.
    fn is_over(&self, now: u64) -> bool {
        now >= self.ends || now < self.began
    }
}

impl Table {
    pub(super) fn new() -> Self {
        let sets = (0..SETS).map(|_| Mutex::new(Vec::new())).collect();
        Self { sets, untouched: AtomicBool::new(true) }
    }

    /// Whether nothing is counted; perhaps what is counted is over.
    pub(super) fn is_empty(&self) -> bool {
        self.untouched.load(Ordering::Acquire)
    }

    /// Counts one more, and answers how many there are since the first, which is no longer ago than `within`.
    pub(super) fn add(&self, name: u64, now: SystemTime, within: Duration) -> u32 {
        self.change(name, now, within, |count| count.saturating_add(1))
    }

    /// Somebody else has counted more.
    pub(super) fn set(&self, name: u64, now: SystemTime, within: Duration, count: u32) {
        self.change(name, now, within, |_| count);
    }

    fn change(&self, name: u64, now: SystemTime, within: Duration, to: impl FnOnce(u32) -> u32) -> u32 {
        let now = milliseconds(now);
        let length = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
        self.untouched.store(false, Ordering::Release);
        let Some(mut set) = self.set_of(name) else { return 0 };
        if let Some(slot) = set.iter_mut().find(|slot| slot.name == name) {
            // With another `within` since the last reload, what counts is the new one.
            slot.ends = slot.began.saturating_add(length);
            if slot.is_over(now) {
                (slot.count, slot.began, slot.ends) = (0, now, now.saturating_add(length));
            }
            slot.count = to(slot.count);
            return slot.count;
        }
        let new = Slot { name, began: now, ends: now.saturating_add(length), count: to(0) };
        if set.len() < WAYS {
            set.push(new);
        } else if let Some(least) =
            set.iter_mut().min_by_key(|slot| (!slot.is_over(now), slot.count, slot.began))
        {
            *least = new;
        }
        new.count
    }

    /// How many there are.
    pub(super) fn count(&self, name: u64, now: SystemTime) -> u32 {
        let now = milliseconds(now);
        let Some(set) = self.set_of(name) else { return 0 };
        set.iter().find(|slot| slot.name == name && !slot.is_over(now)).map_or(0, |slot| slot.count)
    }

    /// Forgets one; whether there was any.
    pub(super) fn clear(&self, name: u64) -> bool {
        let Some(mut set) = self.set_of(name) else { return false };
        let before = set.len();
        set.retain(|slot| slot.name != name);
        set.len() < before
    }

    /// Forgets all.
    pub(super) fn clear_all(&self) {
        for set in &self.sets {
            set.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    fn set_of(&self, name: u64) -> Option<MutexGuard<'_, Vec<Slot>>> {
        let set = self.sets.get(usize::try_from(name % SETS as u64).ok()?)?;
        Some(set.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.sets.iter().map(|set| set.lock().unwrap().len()).sum()
    }
}

/// Since 1970.
pub(super) fn milliseconds(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::noon;
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn failures_count_from_the_first_one_on() {
        let table = Table::new();
        let at = |seconds| noon() + Duration::from_secs(seconds);
        assert_eq!(table.add(7, at(0), MINUTE), 1);
        assert_eq!(table.add(7, at(59), MINUTE), 2);
        assert_eq!(table.count(7, at(59)), 2);
        assert_eq!(table.count(7, at(60)), 0);
        assert_eq!(table.add(7, at(60), MINUTE), 1);
        assert_eq!(table.count(8, at(60)), 0);
    }

    #[test]
    fn another_span_counts_at_once_and_a_clock_that_went_back_starts_anew() {
        let table = Table::new();
        table.add(7, noon(), MINUTE * 10);
        assert_eq!(table.add(7, noon() + MINUTE, MINUTE), 1, "the new span has passed");
        assert_eq!(table.count(7, noon()), 0);
        assert_eq!(table.add(7, noon(), MINUTE), 1);
    }

    #[test]
    fn a_million_others_do_not_displace_who_failed_more_often() {
        let table = Table::new();
        for _ in 0..2 {
            table.add(7, noon(), MINUTE);
        }
        for other in 0..1_000_000_u64 {
            table.add(other.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 << 63, noon(), MINUTE);
        }
        assert_eq!(table.count(7, noon()), 2);
        assert!(table.len() <= MOST, "{}", table.len());
        assert!(table.len() > MOST * 9 / 10, "{}", table.len());
    }

    proptest! {
        /// A set of its own for each name: then it counts as a map would.
        #[test]
        fn counts_as_a_map_does(steps in prop::collection::vec((0_u64..8, 0_u64..3, 0_u64..40), 0..200)) {
            let table = Table::new();
            let mut map = std::collections::HashMap::<u64, (u64, u32)>::new();
            let mut seconds = 0;
            for (name, what, passes) in steps {
                seconds += passes;
                let now = noon() + Duration::from_secs(seconds);
                map.retain(|_, (began, _)| seconds - *began < 60);
                match what {
                    0 => {
                        let entry = map.entry(name).or_insert((seconds, 0));
                        entry.1 += 1;
                        prop_assert_eq!(table.add(name, now, MINUTE), entry.1);
                    }
                    1 => {
                        table.clear(name);
                        map.remove(&name);
                    }
                    _ => prop_assert_eq!(table.count(name, now), map.get(&name).map_or(0, |entry| entry.1)),
                }
            }
        }

        #[test]
        fn never_holds_more_than_its_ways(names in prop::collection::vec(0_u64..100, 0..400)) {
            let table = Table::new();
            for name in names {
                table.add(name * SETS as u64, noon(), MINUTE);
                prop_assert!(table.len() <= WAYS);
                prop_assert!(table.count(name * SETS as u64, noon()) > 0, "the newest one always counts");
            }
        }
    }
}
