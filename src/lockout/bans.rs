//! Who is refused for a while.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use dockgate_api::Gauge;

use super::Place;
use super::table::milliseconds;

/// So many at a time; of more, the one that ends first gives way.
pub(super) const MOST: usize = 65_536;

/// Clocks of several servers differ; one that went back further ends what began later.
const SKEW: Duration = Duration::from_secs(120);

/// A place, or an account from it, that is refused for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// The account as it is counted, in lower case; none if every account is refused from there.
    pub account: Option<String>,
    /// Where from.
    pub place: Place,
    /// When it began.
    pub since: SystemTime,
    /// When it ends.
    pub until: SystemTime,
    /// How many failures it took.
    pub failures: u32,
}

impl Ban {
    /// `pair` or `address`.
    pub fn kind(&self) -> &'static str {
        if self.account.is_some() { "pair" } else { "address" }
    }

    /// The time that is left, if any.
    pub fn left(&self, now: SystemTime) -> Option<Duration> {
        let began = self.since.duration_since(now).is_ok_and(|ahead| ahead > SKEW);
        self.until.duration_since(now).ok().filter(|left| !left.is_zero() && !began)
    }
}

/// Bans by name.
#[derive(Debug, Default)]
pub(super) struct Bans {
    all: RwLock<All>,
    count: AtomicUsize,
    meter: BansMeter,
}

/// How many there are of each kind.
#[derive(Debug, Default)]
pub(super) struct BansMeter {
    pub(super) pairs: Gauge,
    pub(super) addresses: Gauge,
}

#[derive(Debug, Default)]
struct All {
    by_name: HashMap<u64, Held>,
    ends: BTreeSet<(u64, u64)>,
    pairs: usize,
}

#[derive(Debug)]
struct Held {
    ban: Ban,
    /// The look at the store before which it was written there, if it was.
    stored: Option<u64>,
}

impl All {
    fn remove(&mut self, name: u64) -> Option<Ban> {
        let held = self.by_name.remove(&name)?;
        self.ends.remove(&(milliseconds(held.ban.until), name));
        self.pairs -= usize::from(held.ban.account.is_some());
        Some(held.ban)
    }

    fn insert(&mut self, name: u64, held: Held) {
        self.ends.insert((milliseconds(held.ban.until), name));
        self.pairs += usize::from(held.ban.account.is_some());
        self.by_name.insert(name, held);
    }
}

impl Bans {
    pub(super) fn new(meter: BansMeter) -> Self {
        Self { meter, ..Self::default() }
    }

    /// What every login asks first.
    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    /// The time that is left of one.
    pub(super) fn left(&self, name: u64, now: SystemTime) -> Option<Duration> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.by_name.get(&name)?.ban.left(now)
    }

    /// Begins one, or takes up what another server began; whether there was none, or a shorter one. `stored` as in
    /// [`note_stored`](Self::note_stored).
    pub(super) fn begin(&self, name: u64, ban: Ban, stored: Option<u64>) -> bool {
        self.change(|all| {
            if let Some(held) = all.by_name.get_mut(&name).filter(|held| held.ban.until >= ban.until) {
                held.stored = stored.or(held.stored);
                return false;
            }
            all.remove(name);
            if all.by_name.len() >= MOST
                && let Some((_, first)) = all.ends.first().copied()
            {
                all.remove(first);
            }
            all.insert(name, Held { ban, stored });
            true
        })
    }

    /// One is in the store since before this look at it.
    pub(super) fn note_stored(&self, name: u64, look: u64) {
        self.change(|all| {
            if let Some(held) = all.by_name.get_mut(&name) {
                held.stored = Some(look);
            }
        });
    }

    /// Those that the store does not have yet.
    pub(super) fn not_stored(&self) -> Vec<(u64, Ban)> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let missing = all.by_name.iter().filter(|(_, held)| held.stored.is_none());
        missing.map(|(name, held)| (*name, held.ban.clone())).collect()
    }

    /// Ends those that were in the store before this look, and that it did not see: somebody lifted them.
    pub(super) fn end_unseen(&self, seen: &HashMap<u64, Ban>, look: u64) -> Vec<Ban> {
        self.change(|all| {
            let gone = all.by_name.iter().filter(|(name, held)| {
                held.stored.is_some_and(|stored| stored < look) && !seen.contains_key(name)
            });
            let gone: Vec<u64> = gone.map(|(name, _)| *name).collect();
            gone.into_iter().filter_map(|name| all.remove(name)).collect()
        })
    }

    /// Ends those whose time is over.
    pub(super) fn end_over(&self, now: SystemTime) -> Vec<Ban> {
        if self.is_empty() {
            return Vec::new();
        }
        self.change(|all| {
            let over = all.by_name.iter().filter(|(_, held)| held.ban.left(now).is_none());
            let over: Vec<u64> = over.map(|(name, _)| *name).collect();
            over.into_iter().filter_map(|name| all.remove(name)).collect()
        })
    }

    /// Ends those that are meant.
    pub(super) fn lift(&self, meant: impl Fn(&Ban) -> bool) -> Vec<(u64, Ban)> {
        self.change(|all| {
            let meant = all.by_name.iter().filter(|(_, held)| meant(&held.ban));
            let meant: Vec<u64> = meant.map(|(name, _)| *name).collect();
            meant.into_iter().filter_map(|name| all.remove(name).map(|ban| (name, ban))).collect()
        })
    }

    /// Those that hold, the one that ends first in front.
    pub(super) fn list(&self, now: SystemTime) -> Vec<Ban> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let in_order = all.ends.iter().filter_map(|(_, name)| all.by_name.get(name));
        in_order.map(|held| &held.ban).filter(|ban| ban.left(now).is_some()).cloned().collect()
    }

    fn change<T>(&self, change: impl FnOnce(&mut All) -> T) -> T {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut all);
        let count = all.by_name.len();
        self.count.store(count, Ordering::Relaxed);
        self.meter.pairs.set(i64::try_from(all.pairs).unwrap_or(i64::MAX));
        self.meter.addresses.set(i64::try_from(count - all.pairs).unwrap_or(i64::MAX));
        changed
    }
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::noon;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn ban(seconds: u32) -> Ban {
        let place = Place::of("192.0.2.1".parse().unwrap());
        Ban { account: None, place, since: noon(), until: noon() + SECOND * seconds, failures: 5 }
    }

    #[test]
    fn a_ban_lasts_its_time() {
        let bans = Bans::default();
        assert!(bans.is_empty());
        assert!(bans.begin(7, ban(10), None));
        assert_eq!(bans.left(7, noon()), Some(SECOND * 10));
        assert_eq!(bans.left(7, noon() + SECOND * 9), Some(SECOND));
        assert_eq!(bans.left(7, noon() + SECOND * 10), None);
        assert_eq!(bans.left(8, noon()), None);
        assert!(bans.end_over(noon() + SECOND * 9).is_empty());
        assert_eq!(bans.end_over(noon() + SECOND * 10), [ban(10)]);
        assert!(bans.is_empty());
    }

    #[test]
    fn a_clock_that_went_back_ends_it() {
        let bans = Bans::default();
        bans.begin(7, ban(10), None);
        assert!(bans.left(7, noon() - SKEW).is_some(), "another server's clock");
        assert_eq!(bans.left(7, noon() - SKEW - SECOND), None);
        assert_eq!(bans.end_over(noon() - SKEW - SECOND).len(), 1);
    }

    #[test]
    fn the_longer_one_counts() {
        let bans = Bans::default();
        bans.begin(7, ban(10), None);
        assert!(!bans.begin(7, ban(5), None));
        assert_eq!(bans.left(7, noon()), Some(SECOND * 10));
        assert!(bans.begin(7, ban(20), None));
        assert_eq!(bans.left(7, noon()), Some(SECOND * 20));
        assert_eq!(bans.list(noon()), [ban(20)]);
    }

    #[test]
    fn beyond_so_many_the_one_that_ends_first_gives_way() {
        let bans = Bans::default();
        for name in 0..=u32::try_from(MOST).unwrap() {
            bans.begin(u64::from(name), ban(100 + name), None);
        }
        assert_eq!(bans.count.load(Ordering::Relaxed), MOST);
        assert_eq!(bans.left(0, noon()), None);
        assert!(bans.left(1, noon()).is_some());
        assert_eq!(bans.list(noon()).len(), MOST);
    }

    #[test]
    fn what_was_stored_and_is_there_no_more_was_lifted() {
        let bans = Bans::default();
        bans.begin(1, ban(10), None);
        bans.begin(2, ban(10), Some(4));
        bans.begin(3, ban(10), Some(5));
        assert_eq!(bans.end_unseen(&HashMap::new(), 5), [ban(10)], "the third may have come after the look");
        assert!(bans.left(1, noon()).is_some(), "the store does not know it yet");
        assert_eq!(bans.left(2, noon()), None);
        assert!(bans.end_unseen(&HashMap::from([(3, ban(10))]), 6).is_empty());
        assert_eq!(bans.not_stored(), [(1, ban(10))]);
    }
}
