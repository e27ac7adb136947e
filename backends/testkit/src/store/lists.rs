//! Lists: which records fit.

use std::time::SystemTime;

use dockgate_api::{Call, Cursor, Filter, Owner, Record, Shelf};

use super::{HOUR, Suite, TICK, rules};

const SHELF: Shelf = Shelf::ApiTokens;
/// More pages than any list of this suite has on a server that is not full of somebody else's records.
const MOST_PAGES: usize = 20_000;

impl Suite {
    /// Every record of this suite that a list has, by key.
    pub(super) async fn listed(&mut self, shelf: Shelf, filter: &Filter, limit: usize) -> Vec<Record> {
        self.listed_by(&self.call(), shelf, filter, limit).await
    }

    pub(super) async fn listed_by(
        &mut self,
        cx: &Call,
        shelf: Shelf,
        filter: &Filter,
        limit: usize,
    ) -> Vec<Record> {
        let mut records = self.listed_from(cx, shelf, filter, None, limit).await;
        records.sort_by(|one, other| one.key.cmp(&other.key));
        records
    }

    /// Every record of this suite from a cursor on, in the order of the list.
    pub(super) async fn listed_from(
        &mut self,
        cx: &Call,
        shelf: Shelf,
        filter: &Filter,
        mut after: Option<Cursor>,
        limit: usize,
    ) -> Vec<Record> {
        let mut records = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(page) = self.page(cx, shelf, filter, after.as_ref(), limit).await else {
                return records;
            };
            let (count, unfit) =
                (page.records.len(), page.records.iter().filter(|it| !filter.fits(it)).count());
            self.demand(&rules::PAGES, count <= limit, || format!("{count} records, limit {limit}"));
            self.demand(&rules::FILTERS, unfit == 0, || {
                format!("{unfit} records that do not fit {filter:?}")
            });
            records.extend(page.records.into_iter().filter(|record| self.data.is_mine(shelf, &record.key)));
            let Some(next) = page.next else { return records };
            after = Some(next);
        }
        self.demand(&rules::PAGES, false, || format!("more than {MOST_PAGES} pages"));
        records
    }

    pub(super) async fn lists(&mut self) {
        self.filters().await;
        self.like_owners().await;
        self.created_before().await;
        self.expired_in_lists().await;
        self.moved().await;
    }

    /// Every filter that can be made of these owners and times, on every record.
    async fn filters(&mut self) {
        let links = [self.data.name("link"), self.data.name("link")];
        let subjects = [self.data.name("subject"), self.data.name("subject")];
        let accounts = [self.data.name("account"), self.data.name("account")];
        let times = [self.now - HOUR, self.now];
        let mut records = vec![self.data.record(self.now - HOUR)];
        for link in &links {
            for subject in &subjects {
                for account in &accounts {
                    for created_at in times {
                        let owner = Owner::new(link, subject, account);
                        records.push(self.data.record(created_at).owned_by(owner));
                    }
                }
            }
        }
        for record in &records {
            self.put(SHELF, record).await;
        }
        records.sort_by(|one, other| one.key.cmp(&other.key));
        for filter in all_filters(&links[0], &subjects[1], &accounts[0], self.now) {
            let limit = if filter.link.is_none() && filter.account.is_none() { 1000 } else { 3 };
            let listed = self.listed(SHELF, &filter, limit).await;
            // Other records of this suite are on the shelf too.
            let expected: Vec<_> = records.iter().filter(|record| filter.fits(record)).collect();
            let found: Vec<_> = listed.iter().filter(|record| records.contains(record)).collect();
            self.demand(&rules::FILTERS, found == expected, || {
                format!("{} of {} records for {filter:?}", found.len(), expected.len())
            });
        }
    }

    /// Owners whom a careless key or pattern takes for each other.
    async fn like_owners(&mut self) {
        let name = self.data.name("n");
        let mut owners: Vec<Owner> = Vec::new();
        for separator in [":", "/", "|", "\u{1f}", "\u{1}", "\n"] {
            let pair = format!("a{separator}b");
            owners.push(Owner::new(format!("{name}{separator}{pair}"), "c", format!("{name}{separator}x")));
            owners.push(Owner::new(format!("{name}{separator}a"), format!("b{separator}c"), &name));
            owners.push(Owner::new(format!("{name}{separator}a"), "b", format!("c{separator}{name}")));
        }
        for (subject, account) in [
            ("", ""),
            ("*", "*"),
            ("%", "%"),
            ("_", "_"),
            ("?", "?"),
            ("a", "A"),
            ("A", "a"),
            ("a ", "a "),
            ("é", "e\u{301}"),
        ] {
            owners.push(Owner::new(&name, subject, format!("{name}{account}")));
        }
        let records: Vec<_> =
            owners.iter().map(|owner| self.data.record(self.now).owned_by(owner.clone())).collect();
        for record in &records {
            self.put(SHELF, record).await;
        }
        for (owner, record) in owners.iter().zip(&records) {
            let listed = self.listed(SHELF, &Filter::owned_by(owner), 10).await;
            self.demand(&rules::FILTERS, listed == [record.clone()], || {
                format!("{} records of {owner:?}, and there is one", listed.len())
            });
            let mut filter = Filter::default();
            filter.account = Some(owner.account.clone());
            let listed = self.listed(SHELF, &filter, 10).await;
            let expected = records.iter().filter(|record| filter.fits(record)).count();
            self.demand(&rules::FILTERS, listed.len() == expected, || {
                format!("{} of {expected} records for {filter:?}", listed.len())
            });
        }
    }

    async fn created_before(&mut self) {
        let owner = self.data.owner();
        for created_at in [self.now - TICK, self.now, self.now + TICK] {
            let record = self.data.record(created_at).owned_by(owner.clone());
            self.put(SHELF, &record).await;
        }
        for (before, expected) in [
            (SystemTime::UNIX_EPOCH, 0),
            (self.now - TICK, 0),
            (self.now, 1),
            (self.now + TICK, 2),
            (self.now + 2 * TICK, 3),
        ] {
            let mut filter = Filter::owned_by(&owner);
            filter.created_before = Some(before);
            let count = self.listed(SHELF, &filter, 2).await.len();
            self.demand(&rules::CREATED_BEFORE, count == expected, || {
                format!("{count} of {expected} records, {before:?}")
            });
        }
    }

    async fn expired_in_lists(&mut self) {
        let owner = self.data.owner();
        let mut alive = Vec::new();
        for number in 0..12_u32 {
            let record = self.data.record(self.now).owned_by(owner.clone());
            let record = match number % 3 {
                0 => record.with_expires_at(self.now),
                1 => record.with_expires_at(self.now + HOUR),
                _ => record,
            };
            self.put(SHELF, &record).await;
            if number % 3 != 0 {
                alive.push(record);
            }
        }
        alive.sort_by(|one, other| one.key.cmp(&other.key));
        for limit in [1, 2, 100] {
            let listed = self.listed(SHELF, &Filter::owned_by(&owner), limit).await;
            self.demand(&rules::EXPIRES, listed == alive, || {
                format!("{} of {} records that are not over, {limit} at a time", listed.len(), alive.len())
            });
        }
    }

    /// A record whose owner changes.
    async fn moved(&mut self) {
        let (old, new) = (self.data.owner(), self.data.owner());
        let record = self.data.record(self.now);
        let steps =
            [(Some(&old), false), (Some(&new), false), (Some(&old), true), (None, true), (Some(&new), true)];
        for (owner, by_replace) in steps {
            let mut record = record.clone();
            record.owner = owner.cloned();
            if by_replace {
                self.replace(SHELF, &record).await;
            } else {
                self.put(SHELF, &record).await;
            }
            for candidate in [&old, &new] {
                let expected = usize::from(owner == Some(candidate));
                let mut by_account = Filter::default();
                by_account.account = Some(candidate.account.clone());
                for filter in [Filter::owned_by(candidate), by_account] {
                    let count = self.listed(SHELF, &filter, 10).await.len();
                    self.demand(&rules::OWNERS, count == expected, || {
                        format!("listed {count} times, by_replace {by_replace}, {filter:?}")
                    });
                }
            }
        }
    }
}

fn all_filters(link: &str, subject: &str, account: &str, before: SystemTime) -> Vec<Filter> {
    let mut filters = Vec::new();
    for bits in 0..16_u8 {
        let mut filter = Filter::default();
        let is = |bit: u8| bits & bit != 0;
        filter.link = is(1).then(|| link.to_owned());
        filter.subject = is(2).then(|| subject.to_owned());
        filter.account = is(4).then(|| account.to_owned());
        filter.created_before = is(8).then_some(before);
        filters.push(filter);
    }
    filters
}
