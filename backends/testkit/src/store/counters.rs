//! Counters.

use dockgate_api::{Filter, Shelf};

use super::{HOUR, Suite, TICK, rules};
use crate::fakes::call_at;

const SHELF: Shelf = Shelf::Lockouts;

impl Suite {
    pub(super) async fn counters(&mut self) {
        self.counters_add_up().await;
        self.counters_reset().await;
        self.counters_and_records().await;
        self.counters_on_shelves().await;
    }

    async fn counts(&mut self, key: &str, amount: u64, expected: u64) {
        let value = self.add(SHELF, key, amount, self.now + HOUR).await;
        self.demand(&rules::ADD_UP, value == Some(expected), || {
            format!("{value:?} after {amount} more, {expected} in all")
        });
    }

    async fn counters_add_up(&mut self) {
        let mut keys = vec![self.data.name("counter")];
        for odd in super::records::ODD {
            let name = self.data.name("odd");
            keys.push(format!("{name}{odd}"));
        }
        for key in keys {
            self.counts(&key, 0, 0).await;
            self.counts(&key, 1, 1).await;
            self.counts(&key, 2, 3).await;
            self.counts(&key, 0, 3).await;
            self.counts(&key, 1 << 40, (1 << 40) + 3).await;
        }
    }

    async fn counters_reset(&mut self) {
        let key = self.data.name("counter");
        self.reset(SHELF, &key).await;
        for _ in 0..2 {
            self.add(SHELF, &key, 5, self.now + HOUR).await;
            self.reset(SHELF, &key).await;
            let value = self.add(SHELF, &key, 1, self.now + 2 * HOUR).await;
            self.demand(&rules::RESET, value == Some(1), || format!("{value:?} after a reset and 1 more"));
            let later = call_at(self.now + HOUR);
            let value = self.add_by(later, SHELF, &key, 1, self.now + 2 * HOUR).await;
            self.demand(&rules::RESET, value == Some(2), || {
                format!("{value:?}: the end is still that of before the reset")
            });
        }
    }

    async fn counters_and_records(&mut self) {
        let owner = self.data.owner();
        let record = self.data.record(self.now).owned_by(owner.clone());
        let key = record.key.as_str();
        self.add(SHELF, key, 7, self.now + HOUR).await;
        self.expect(&rules::COUNTERS_APART, SHELF, key, None, "a counter was read").await;
        let taken = self.take(SHELF, key).await;
        self.demand(&rules::COUNTERS_APART, taken == Some(None), || "a counter was taken".to_owned());
        let replaced = self.replace(SHELF, &record).await;
        self.demand(&rules::COUNTERS_APART, replaced == Some(false), || "a counter was replaced".to_owned());
        self.put(SHELF, &record).await;
        self.counts_apart(key, 8).await;
        self.expect(&rules::COUNTERS_APART, SHELF, key, Some(&record), "beside a counter").await;
        let all = self.listed(SHELF, &Filter::default(), 1000).await;
        let same = all.iter().filter(|listed| listed.key == key).count();
        self.demand(&rules::COUNTERS_APART, same == 1, || format!("listed {same} times"));
        self.reset(SHELF, key).await;
        self.expect(&rules::COUNTERS_APART, SHELF, key, Some(&record), "after the counter's reset").await;
        self.counts_apart(key, 1).await;
        self.take(SHELF, key).await;
        self.counts_apart(key, 2).await;
    }

    async fn counts_apart(&mut self, key: &str, expected: u64) {
        let value = self.add(SHELF, key, 1, self.now + HOUR).await;
        self.demand(&rules::COUNTERS_APART, value == Some(expected), || {
            format!("{value:?} instead of {expected} beside a record")
        });
    }

    async fn counters_on_shelves(&mut self) {
        let key = self.data.name("everywhere");
        for (shelf, amount) in Shelf::ALL.into_iter().zip(1..) {
            let value = self.add(shelf, &key, amount, self.now + HOUR).await;
            self.demand(&rules::SHELVES, value == Some(amount), || {
                format!("{value:?} instead of {amount} on {}", shelf.name())
            });
        }
        self.reset(Shelf::SignIns, &key).await;
        let value = self.add(SHELF, &key, 0, self.now + HOUR).await;
        self.demand(&rules::SHELVES, value == Some(4), || format!("{value:?} after another shelf's reset"));
    }

    /// Ends by the clock of the calls, not by the machine's.
    pub(super) async fn counters_end(&mut self) {
        let (now, end) = (self.now, self.now + HOUR);
        let key = self.data.name("counter");
        for (at, expires_at, expected) in [
            (now, end, 1),
            // Adding leaves the end alone, later or earlier.
            (now + TICK, end + 5 * HOUR, 2),
            (now + TICK, now + 2 * TICK, 3),
            (end - TICK, end - TICK, 4),
            (end, end + HOUR, 1),
            (end + HOUR - TICK, end, 2),
            (end + HOUR + TICK, end + 2 * HOUR, 1),
        ] {
            let value = self.add_by(call_at(at), SHELF, &key, 1, expires_at).await;
            self.demand(&rules::ADD_END, value == Some(expected), || {
                format!("{value:?} instead of {expected}, {:?} after the first", at.duration_since(now))
            });
        }
        let key = self.data.name("counter");
        for _ in 0..2 {
            let value = self.add_by(call_at(now), SHELF, &key, 3, now).await;
            self.demand(&rules::ADD_END, value == Some(3), || {
                format!("{value:?} of a counter that ends as it begins")
            });
        }
    }
}
