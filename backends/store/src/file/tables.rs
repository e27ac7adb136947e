//! What stands in the file, and each change as a step of one transaction.
//!
//! Every list is in the order of keys, which never change: whatever else of a record does, it is met once.

use std::time::SystemTime;

use dockgate_api::{BackendError, Record, Shelf};
use redb::{
    Database, ReadableDatabase as _, ReadableTable as _, Table, TableDefinition, TableError, WriteTransaction,
};

use crate::record::{decode, is_over, milliseconds};

/// Shelf and key.
pub(super) const RECORDS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("records");
/// Shelf, link, subject and key.
pub(super) const SUBJECTS: TableDefinition<'_, (&str, &str, &str, &str), ()> =
    TableDefinition::new("subjects");
/// Shelf, account and key.
pub(super) const ACCOUNTS: TableDefinition<'_, (&str, &str, &str), ()> = TableDefinition::new("accounts");
/// Shelf and key; value and end.
const COUNTERS: TableDefinition<'_, (&str, &str), (u64, u64)> = TableDefinition::new("counters");
/// End, kind, shelf and key.
const ENDS: TableDefinition<'_, (u64, &str, &str, &str), ()> = TableDefinition::new("ends");
/// Numbers of the file itself.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");

/// What stands in the file as this release writes it.
const LAYOUT: u64 = 1;
/// The oldest layout whose releases can use the file too. A table more does not raise it.
const LEAST: u64 = 1;

const RECORD: &str = "record";
const COUNTER: &str = "counter";

/// A file that a later release has written, for later releases alone.
#[derive(Debug, thiserror::Error)]
#[error("the file is of a newer layout")]
pub(super) struct Newer;

/// Makes the tables, or looks whether they are ours.
pub(super) fn prepare(database: &Database) -> Result<Result<(), redb::Error>, Newer> {
    match about(database) {
        Ok(Some((_, least))) if least > LAYOUT => Err(Newer),
        Ok(Some((LAYOUT, LEAST))) => Ok(Ok(())),
        Ok(_) => Ok(write_about(database)),
        Err(error) => Ok(Err(error)),
    }
}

/// The layout of whoever wrote the file last, and the least that can use it.
fn about(database: &Database) -> Result<Option<(u64, u64)>, redb::Error> {
    let table = match database.begin_read()?.open_table(ABOUT) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let layout = table.get("layout")?.map(|it| it.value());
    let least = table.get("least")?.map(|it| it.value());
    Ok(layout.zip(least))
}

/// Says that this release has written here: a later one that comes back sees that it has tables to fill.
fn write_about(database: &Database) -> Result<(), redb::Error> {
    let change = database.begin_write()?;
    {
        let mut about = change.open_table(ABOUT)?;
        about.insert("layout", LAYOUT)?;
        about.insert("least", LEAST)?;
        Tables::open(&change)?;
    }
    Ok(change.commit()?)
}

/// All tables within one transaction.
pub(super) struct Tables<'t> {
    records: Table<'t, (&'static str, &'static str), &'static [u8]>,
    subjects: Table<'t, (&'static str, &'static str, &'static str, &'static str), ()>,
    accounts: Table<'t, (&'static str, &'static str, &'static str), ()>,
    counters: Table<'t, (&'static str, &'static str), (u64, u64)>,
    ends: Table<'t, (u64, &'static str, &'static str, &'static str), ()>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(change: &'t WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            records: change.open_table(RECORDS)?,
            subjects: change.open_table(SUBJECTS)?,
            accounts: change.open_table(ACCOUNTS)?,
            counters: change.open_table(COUNTERS)?,
            ends: change.open_table(ENDS)?,
        })
    }

    pub(super) fn put(&mut self, shelf: Shelf, record: &Record, bytes: &[u8]) -> Result<(), redb::Error> {
        let (shelf, key) = (shelf.name(), record.key.as_str());
        let old = self.records.insert((shelf, key), bytes)?.map(|old| old.value().to_vec());
        self.forget(shelf, key, old.as_deref())?;
        if let Some(owner) = &record.owner {
            self.subjects.insert((shelf, owner.link.as_str(), owner.subject.as_str(), key), ())?;
            self.accounts.insert((shelf, owner.account.as_str(), key), ())?;
        }
        if let Some(end) = record.expires_at {
            self.ends.insert((milliseconds(end), RECORD, shelf, key), ())?;
        }
        Ok(())
    }

    pub(super) fn replace(
        &mut self,
        shelf: Shelf,
        record: &Record,
        bytes: &[u8],
        now: SystemTime,
    ) -> Result<Result<bool, BackendError>, redb::Error> {
        let old = self.records.get((shelf.name(), record.key.as_str()))?.map(|old| old.value().to_vec());
        let Some(old) = old else { return Ok(Ok(false)) };
        match decode(&record.key, &old) {
            Ok(old) if is_over(old.expires_at, now) => Ok(Ok(false)),
            Ok(_) => self.put(shelf, record, bytes).map(|()| Ok(true)),
            Err(error) => Ok(Err(error)),
        }
    }

    pub(super) fn take(
        &mut self,
        shelf: Shelf,
        key: &str,
        now: SystemTime,
    ) -> Result<Result<Option<Record>, BackendError>, redb::Error> {
        let bytes = self.records.remove((shelf.name(), key))?.map(|old| old.value().to_vec());
        self.forget(shelf.name(), key, bytes.as_deref())?;
        let record = bytes.map(|bytes| decode(key, &bytes)).transpose();
        Ok(record.map(|record| record.filter(|record| !is_over(record.expires_at, now))))
    }

    /// Adds to a counter; no value can be too large for it.
    pub(super) fn add(
        &mut self,
        shelf: Shelf,
        key: &str,
        amount: u64,
        (now, end): (SystemTime, SystemTime),
    ) -> Result<u64, redb::Error> {
        let shelf = shelf.name();
        let old = self.counters.get((shelf, key))?.map(|old| old.value());
        let (before, end) = match old {
            Some((before, old_end)) if old_end > milliseconds(now) => (before, old_end),
            Some((_, old_end)) => {
                self.ends.remove((old_end, COUNTER, shelf, key))?;
                (0, milliseconds(end))
            }
            None => (0, milliseconds(end)),
        };
        let value = before.saturating_add(amount);
        self.counters.insert((shelf, key), (value, end))?;
        self.ends.insert((end, COUNTER, shelf, key), ())?;
        Ok(value)
    }

    pub(super) fn reset(&mut self, shelf: Shelf, key: &str) -> Result<(), redb::Error> {
        let old = self.counters.remove((shelf.name(), key))?.map(|old| old.value());
        if let Some((_, end)) = old {
            self.ends.remove((end, COUNTER, shelf.name(), key))?;
        }
        Ok(())
    }

    /// Removes up to `most` of what ended before a time; how many ends were looked at.
    pub(super) fn sweep(&mut self, before: SystemTime, most: usize) -> Result<usize, redb::Error> {
        let before = milliseconds(before);
        let mut over = Vec::new();
        for entry in self.ends.range(..(before, "", "", ""))?.take(most) {
            let (end, _) = entry?;
            let (end, kind, shelf, key) = end.value();
            over.push((end, kind.to_owned(), shelf.to_owned(), key.to_owned()));
        }
        for (end, kind, shelf, key) in &over {
            self.ends.remove((*end, kind.as_str(), shelf.as_str(), key.as_str()))?;
            match kind.as_str() {
                COUNTER => self.sweep_counter(shelf, key, before)?,
                RECORD => self.sweep_record(shelf, key, before)?,
                _ => {}
            }
        }
        Ok(over.len())
    }

    fn sweep_counter(&mut self, shelf: &str, key: &str, before: u64) -> Result<(), redb::Error> {
        let end = self.counters.get((shelf, key))?.map(|counter| counter.value().1);
        if end.is_some_and(|end| end < before) {
            self.counters.remove((shelf, key))?;
        }
        Ok(())
    }

    fn sweep_record(&mut self, shelf: &str, key: &str, before: u64) -> Result<(), redb::Error> {
        let Some(bytes) = self.records.get((shelf, key))?.map(|bytes| bytes.value().to_vec()) else {
            return Ok(());
        };
        let end = decode(key, &bytes).ok().and_then(|record| record.expires_at);
        if end.is_some_and(|end| milliseconds(end) < before) {
            self.records.remove((shelf, key))?;
            self.forget(shelf, key, Some(&bytes))?;
        }
        Ok(())
    }

    /// Removes what leads to a record. What leads to one that is damaged stays, and is overlooked by lists.
    fn forget(&mut self, shelf: &str, key: &str, old: Option<&[u8]>) -> Result<(), redb::Error> {
        let Some(old) = old.and_then(|old| decode(key, old).ok()) else { return Ok(()) };
        if let Some(owner) = old.owner {
            self.subjects.remove((shelf, owner.link.as_str(), owner.subject.as_str(), key))?;
            self.accounts.remove((shelf, owner.account.as_str(), key))?;
        }
        if let Some(end) = old.expires_at {
            self.ends.remove((milliseconds(end), RECORD, shelf, key))?;
        }
        Ok(())
    }
}
