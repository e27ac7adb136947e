//! Lists: page by page.

use std::collections::BTreeMap;

use dockgate_api::{Cursor, Filter, Owner, Record, Shelf};

use super::{HOUR, Suite, TICK, rules};

const SHELF: Shelf = Shelf::AppPasswords;
/// Records of one owner: more than a page of any limit tried, and no multiple of it.
const COUNT: usize = 23;

impl Suite {
    pub(super) async fn paging(&mut self) {
        let owner = self.data.owner();
        let mut records = Vec::new();
        for number in 0..COUNT {
            // Of several accounts and times: whatever the order is, it has to tell records apart.
            let account = format!("{}{}", owner.account, number % 2);
            let owner = Owner::new(&owner.link, &owner.subject, account);
            let created_at = self.now + TICK * u32::try_from(number % 5).unwrap_or(0);
            records.push(self.data.record(created_at).owned_by(owner));
        }
        for record in &records {
            self.put(SHELF, record).await;
        }
        let filter = Filter::owned_by(&owner);
        self.pages(&filter, &records).await;
        self.limits(&filter).await;
        self.cursors(&filter).await;
        self.pages_while_writing(&filter, &records).await;
    }

    async fn pages(&mut self, filter: &Filter, records: &[Record]) {
        let mut sorted = records.to_vec();
        sorted.sort_by(|one, other| one.key.cmp(&other.key));
        for limit in [1, 2, 5, COUNT - 1, COUNT, COUNT + 1] {
            let listed = self.listed(SHELF, filter, limit).await;
            self.demand(&rules::PAGES, listed == sorted, || {
                format!("{} of {COUNT} records, {limit} at a time", listed.len())
            });
        }
    }

    async fn limits(&mut self, filter: &Filter) {
        let cx = self.call();
        let none = self.page(&cx, SHELF, filter, None, 0).await;
        let count = none.map(|page| page.records.len());
        self.demand(&rules::LIMITS, count == Some(0), || format!("{count:?} records with a limit of 0"));
        for limit in [1_000_000, usize::MAX - 1, usize::MAX] {
            let count = self.listed(SHELF, filter, limit).await.len();
            self.demand(&rules::LIMITS, count == COUNT, || {
                format!("{count} of {COUNT} records, limit {limit}")
            });
        }
    }

    async fn cursors(&mut self, filter: &Filter) {
        self.report.begin(&rules::CURSORS);
        let cx = self.call();
        let other_owner = self.data.owner();
        let other = self.data.record(self.now).owned_by(other_owner.clone());
        self.put(SHELF, &other).await;
        self.put(Shelf::SignIns, &other).await;
        for place in ["0", "~"] {
            let key = self.data.name(place);
            self.put(SHELF, &Record::new(key, self.now, Vec::new()).owned_by(other_owner.clone())).await;
        }
        let mut cursors: Vec<String> = [
            "",
            "0",
            "1",
            "-1",
            "18446744073709551616",
            "nonsense",
            "'; DROP TABLE records; --",
            "*",
            "%",
            "\0",
            "a:b:c",
            "::",
            "////",
            "e30",
            "{}",
            "null",
            "é🦀",
            "\u{7f}",
            "\n",
            "=",
            "AAAA",
            "ffff",
        ]
        .map(str::to_owned)
        .to_vec();
        cursors.push("x".repeat(100_000));
        // Of this list, cut and changed; of the list of everything; of another shelf.
        let mut real = Vec::new();
        for (shelf, filter) in [
            (SHELF, filter.clone()),
            (SHELF, Filter::default()),
            (Shelf::SignIns, Filter::owned_by(&other_owner)),
        ] {
            let page = self.page(&cx, shelf, &filter, None, 1).await;
            real.extend(page.and_then(|page| page.next).map(|cursor| cursor.0));
        }
        for text in &real {
            let count = text.chars().count();
            cursors.extend(
                [1, count / 2, count.saturating_sub(1)].map(|some| text.chars().take(some).collect()),
            );
            cursors.push(text.chars().rev().collect());
            cursors.push(text.to_uppercase());
            cursors.push(format!("{text}0"));
            cursors.push(format!("0{text}"));
        }
        cursors.extend(real);
        for text in cursors {
            let cursor = Cursor(text);
            let (cx, filter, after) = (cx.clone(), filter.clone(), cursor.clone());
            let wanted = filter.clone();
            let answer = self
                .outcome("list from an odd cursor", |store| async move {
                    store.list(&cx, SHELF, &filter, Some(&after), 3).await
                })
                .await;
            if let Some(Ok(page)) = answer {
                let fits = page.records.len() <= 3 && page.records.iter().all(|record| wanted.fits(record));
                self.demand(&rules::CURSORS, fits, || {
                    format!("records that do not fit, after {}", crate::hostile::shown(&cursor.0))
                });
            }
        }
    }

    /// Between two pages, what was seen is written anew in every way that could move it behind the cursor.
    async fn pages_while_writing(&mut self, filter: &Filter, records: &[Record]) {
        self.report.begin(&rules::PAGES_APART);
        let cx = self.call();
        for limit in [1, 2, 5] {
            let still: Vec<_> = records.iter().step_by(2).map(|record| record.key.clone()).collect();
            let mut seen: BTreeMap<String, usize> = BTreeMap::new();
            let mut after = None;
            for round in 0..20 * COUNT {
                let Some(page) = self.page(&cx, SHELF, filter, after.as_ref(), limit).await else { return };
                for record in &page.records {
                    *seen.entry(record.key.clone()).or_default() += 1;
                }
                let Some(next) = page.next else { break };
                after = Some(next);
                self.write_between(records, round).await;
            }
            for (key, count) in &seen {
                self.demand(&rules::PAGES_APART, *count == 1, || {
                    let kind = if still.contains(key) { "was left alone" } else { "was written meanwhile" };
                    format!("a record that {kind} was on {count} pages, {limit} at a time")
                });
            }
            let missed = still.iter().filter(|key| !seen.contains_key(*key)).count();
            self.demand(&rules::PAGES_APART, missed == 0, || {
                format!("{missed} records that were left alone were on no page, {limit} at a time")
            });
        }
    }

    async fn write_between(&mut self, records: &[Record], round: usize) {
        let mut moving = records.iter().skip(1).step_by(2);
        let Some(record) = moving.nth(round % (COUNT / 2)) else { return };
        let mut record = record.clone();
        record.created_at = if round.is_multiple_of(2) { self.now + HOUR } else { self.now - HOUR };
        if let Some(owner) = &mut record.owner {
            owner.account = format!("{}-{round}", owner.account);
        }
        match round % 3 {
            0 => drop(self.replace(SHELF, &record).await),
            1 => self.put(SHELF, &record).await,
            _ => {
                self.take(SHELF, &record.key).await;
                self.put(SHELF, &record).await;
            }
        }
        if round < COUNT {
            // Before and behind everything that is there, in whatever order that is.
            let mut new = self.data.record(self.now);
            let place = ["0", "~", "key"].into_iter().nth(round % 3).unwrap_or_default();
            new.key = self.data.name(place);
            new.owner = record.owner;
            self.put(SHELF, &new).await;
        }
    }
}
