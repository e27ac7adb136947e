//! One record: written, read, replaced, taken, over.

use std::time::{Duration, Instant, SystemTime};

use dockgate_api::{Call, Filter, Owner, Record, RequestId, Shelf};

use super::{HOUR, Suite, TICK, rules};
use crate::fakes::call_at;

const SHELF: Shelf = Shelf::RefreshTokens;
/// What keys, links, subjects and accounts may contain: separators, patterns, quotes, other scripts. No NUL, which a
/// relational database's text has not.
pub(super) const ODD: [&str; 20] = [
    ":",
    "/",
    "|",
    " ",
    "\n",
    "\t",
    "\u{1}",
    "\u{7f}",
    "\u{10ffff}",
    "*",
    "?",
    "%",
    "_",
    "[a-z]",
    "\\",
    "'",
    "\"",
    "é",
    "e\u{301}",
    "{🦀}",
];

impl Suite {
    pub(super) async fn records(&mut self) {
        self.absent().await;
        self.written().await;
        self.fields().await;
        self.replaced().await;
        self.taken().await;
        self.shelves().await;
    }

    async fn absent(&mut self) {
        let record = self.data.record(self.now);
        self.put(SHELF, &record).await;
        let key = record.key.as_str();
        let shorter: String = key.chars().take(key.len() - 1).collect();
        for other in [
            self.data.name("nothing"),
            shorter,
            key.to_uppercase(),
            format!("{key} "),
            format!(" {key}"),
            format!("{key}\n"),
            format!("{key}0"),
            format!("{key}:"),
            key.replace("key", "*"),
            key.replace("key", "%"),
            key.replace("key", "_ey"),
            key.replace("key", "[k]ey"),
        ] {
            self.expect(&rules::ABSENT, SHELF, &other, None, "read").await;
            let taken = self.take(SHELF, &other).await;
            self.demand(&rules::ABSENT, taken == Some(None), || format!("taken: {taken:?}"));
        }
        self.expect(&rules::PUT, SHELF, key, Some(&record), "others were sought").await;
    }

    async fn written(&mut self) {
        let owner = self.data.owner();
        let first = self.data.record(self.now).owned_by(owner).with_expires_at(self.now + HOUR);
        self.put(SHELF, &first).await;
        self.expect(&rules::PUT, SHELF, &first.key, Some(&first), "written once").await;
        let mut second = Record::new(first.key.clone(), self.now + TICK, b"another".to_vec());
        self.put(SHELF, &second).await;
        self.expect(&rules::PUT, SHELF, &first.key, Some(&second), "written again without owner and end")
            .await;
        second.expires_at = Some(self.now);
        self.put(SHELF, &second).await;
        self.expect(&rules::EXPIRES, SHELF, &first.key, None, "written again with an end that is past").await;
        self.put(SHELF, &first).await;
        self.expect(&rules::PUT, SHELF, &first.key, Some(&first), "written again after the end").await;
    }

    async fn fields(&mut self) {
        let mut records = Vec::new();
        for odd in ODD {
            let name = self.data.name("odd");
            let text = format!("{odd}{name}{odd}{odd}");
            let owner = Owner::new(text.clone(), format!("{odd}{text}"), format!("{text}{odd}"));
            records.push(Record::new(text, self.now, odd.as_bytes().to_vec()).owned_by(owner));
        }
        let link = self.data.name("link");
        records.push(self.data.record(self.now).owned_by(Owner::new(link, "", "")));
        let long = self.data.name(&"l".repeat(400));
        let owner = Owner::new(long.clone(), long.clone(), long.clone());
        records.push(Record::new(long, self.now, Vec::new()).owned_by(owner));
        for value in [
            Vec::new(),
            vec![0],
            (0..=u8::MAX).collect(),
            (0..64 * 1024_u32).map(|number| number.wrapping_mul(167).to_le_bytes()[1]).collect(),
        ] {
            let mut record = self.data.record(self.now);
            record.value = value;
            records.push(record);
        }
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
        for (created_at, expires_at) in [
            (SystemTime::UNIX_EPOCH, Some(self.now + TICK + HOUR)),
            (SystemTime::UNIX_EPOCH + TICK, Some(far)),
            (self.now - TICK, Some(far + 999 * TICK)),
            (far + 999 * TICK, None),
        ] {
            let mut record = self.data.record(created_at);
            record.expires_at = expires_at;
            records.push(record);
        }
        for record in &records {
            self.put(SHELF, record).await;
        }
        for record in &records {
            self.expect(&rules::FIELDS, SHELF, &record.key, Some(record), "read").await;
            let replaced = self.replace(SHELF, record).await;
            self.demand(&rules::REPLACE, replaced == Some(true), || format!("{replaced:?} under an odd key"));
            let taken = self.take(SHELF, &record.key).await.flatten();
            self.demand(&rules::FIELDS, taken.as_ref() == Some(record), || {
                format!("taken: {}", super::data::difference(taken.as_ref(), Some(record)))
            });
        }
    }

    async fn replaced(&mut self) {
        let record = self.data.record(self.now);
        let nowhere = self.replace(SHELF, &record).await;
        self.demand(&rules::REPLACE, nowhere == Some(false), || format!("{nowhere:?} where nothing was"));
        self.expect(&rules::REPLACE, SHELF, &record.key, None, "replaced where nothing was").await;
        self.put(SHELF, &record).await;
        let owner = self.data.owner();
        let other = Record::new(record.key.clone(), self.now + HOUR, b"other".to_vec())
            .owned_by(owner)
            .with_expires_at(self.now + HOUR);
        let somewhere = self.replace(SHELF, &other).await;
        self.demand(&rules::REPLACE, somewhere == Some(true), || format!("{somewhere:?} where a record is"));
        self.expect(&rules::REPLACE, SHELF, &record.key, Some(&other), "replaced").await;
        self.take(SHELF, &record.key).await;
        let gone = self.replace(SHELF, &record).await;
        self.demand(&rules::NO_RETURN, gone == Some(false), || format!("{gone:?} after it was taken"));
        self.expect(&rules::NO_RETURN, SHELF, &record.key, None, "replaced after it was taken").await;
    }

    async fn taken(&mut self) {
        let owner = self.data.owner();
        let record = self.data.record(self.now).owned_by(owner.clone());
        self.put(SHELF, &record).await;
        let taken = self.take(SHELF, &record.key).await;
        self.demand(&rules::TAKE, taken.as_ref() == Some(&Some(record.clone())), || {
            super::data::difference(taken.flatten().as_ref(), Some(&record))
        });
        self.expect(&rules::TAKE, SHELF, &record.key, None, "read after it was taken").await;
        let again = self.take(SHELF, &record.key).await;
        self.demand(&rules::TAKE, again == Some(None), || "taken twice".to_owned());
        let listed = self.listed(SHELF, &Filter::owned_by(&owner), 10).await;
        self.demand(&rules::TAKE, listed.is_empty(), || "listed after it was taken".to_owned());
    }

    async fn shelves(&mut self) {
        let key = self.data.name("everywhere");
        let owner = self.data.owner();
        let on = |shelf: Shelf, now| {
            Record::new(key.clone(), now, shelf.name().as_bytes().to_vec()).owned_by(owner.clone())
        };
        for shelf in Shelf::ALL {
            self.put(shelf, &on(shelf, self.now)).await;
        }
        let filter = Filter::owned_by(&owner);
        for shelf in Shelf::ALL {
            let record = on(shelf, self.now);
            self.expect(&rules::SHELVES, shelf, &key, Some(&record), shelf.name()).await;
            let listed = self.listed(shelf, &filter, 10).await;
            self.demand(&rules::SHELVES, listed == [record], || format!("the list of {}", shelf.name()));
            self.take(shelf, &key).await;
            self.expect(&rules::SHELVES, shelf, &key, None, shelf.name()).await;
        }
    }

    /// Ends by the clock of the calls, not by the machine's.
    pub(super) async fn expiry(&mut self) {
        let owner = self.data.owner();
        let end = self.now + HOUR;
        let record = self.data.record(self.now).owned_by(owner.clone()).with_expires_at(end);
        let filter = Filter::owned_by(&owner);
        for (at, exists) in [(end - HOUR, true), (end - TICK, true), (end, false), (end + HOUR, false)] {
            // A store may forget what is over once it is asked: each time is asked of a record of its own.
            self.put(SHELF, &record).await;
            let found = self.get_by(call_at(at), SHELF, &record.key).await.flatten();
            self.demand(&rules::EXPIRES, found.is_some() == exists, || when("get", at, end, exists));
            let listed = self.listed_by(&call_at(at), SHELF, &filter, 10).await;
            self.demand(&rules::EXPIRES, listed.len() == usize::from(exists), || {
                when("list", at, end, exists)
            });
            let replaced = self.replace_by(call_at(at), SHELF, &record).await;
            self.demand(&rules::EXPIRES, replaced == Some(exists), || when("replace", at, end, exists));
            self.put(SHELF, &record).await;
            let taken = self.take_by(call_at(at), SHELF, &record.key).await.flatten();
            self.demand(&rules::EXPIRES, taken.is_some() == exists, || when("take", at, end, exists));
        }
    }

    /// Questions that come too late.
    pub(super) async fn late(&mut self) {
        self.report.begin(&rules::LATE);
        let late = Call::new(self.now, Instant::now(), RequestId::from_bits(2));
        for _ in 0..8 {
            let record = self.data.record(self.now);
            self.data.wrote(SHELF, &record.key);
            let (cx, written) = (late.clone(), record.clone());
            let put = self.outcome("a late put", |store| async move { store.put(&cx, SHELF, written).await });
            if matches!(put.await, Some(Ok(()))) {
                self.expect(&rules::LATE, SHELF, &record.key, Some(&record), "after a late put").await;
            }
            let (cx, key) = (late.clone(), record.key.clone());
            self.put(SHELF, &record).await;
            let got = self.outcome("a late get", |store| async move { store.get(&cx, SHELF, &key).await });
            if let Some(Ok(found)) = got.await {
                self.demand(&rules::LATE, found.is_some(), || "a late get found nothing".to_owned());
            }
            let (cx, key) = (late.clone(), record.key.clone());
            let taken =
                self.outcome("a late take", |store| async move { store.take(&cx, SHELF, &key).await });
            if let Some(Ok(taken)) = taken.await {
                self.demand(&rules::LATE, taken.is_some(), || "a late take got nothing".to_owned());
                self.expect(&rules::LATE, SHELF, &record.key, None, "after a late take").await;
            }
        }
    }
}

fn when(what: &str, at: SystemTime, end: SystemTime, exists: bool) -> String {
    let side = match at.duration_since(end) {
        Ok(after) => format!("{after:?} after the end"),
        Err(before) => format!("{:?} before the end", before.duration()),
    };
    let wrong = if exists { "did not see it" } else { "saw it" };
    format!("{what}, {side}, {wrong}")
}
