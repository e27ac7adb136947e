//! Lists: the shortest of the tables that has what is wanted, from a key on.

use dockgate_api::{BackendError, Cursor, Filter, Page, Record, Shelf};
use redb::ReadTransaction;

use super::tables::{ACCOUNTS, RECORDS, SUBJECTS};
use crate::record::{decode, is_over};

/// The most records of a page, however many are asked for.
const MOST: usize = 1_000;
/// The most keys that are looked at for a page: one of which little fits ends early.
const MOST_KEYS: usize = 10_000;

/// What a list asks for.
pub(super) struct Wanted {
    pub(super) shelf: Shelf,
    pub(super) filter: Filter,
    pub(super) after: Option<Cursor>,
    pub(super) limit: usize,
    pub(super) now: std::time::SystemTime,
}

/// A page.
pub(super) fn page(
    reading: &ReadTransaction,
    wanted: &Wanted,
) -> Result<Result<Page, BackendError>, redb::Error> {
    let limit = wanted.limit.min(MOST);
    if limit == 0 {
        return Ok(Ok(Page::new(Vec::new(), None)));
    }
    let keys = keys(reading, wanted)?;
    let more = keys.len() > MOST_KEYS;
    let records = reading.open_table(RECORDS)?;
    let mut found: Vec<Record> = Vec::new();
    let mut last = None;
    for key in keys.into_iter().take(MOST_KEYS) {
        let bytes = records.get((wanted.shelf.name(), key.as_str()))?;
        let Some(bytes) = bytes else { continue };
        let record = match decode(&key, bytes.value()) {
            Ok(record) => record,
            Err(error) => return Ok(Err(error)),
        };
        if is_over(record.expires_at, wanted.now) || !wanted.filter.fits(&record) {
            last = Some(key);
            continue;
        }
        if found.len() == limit {
            let next = found.last().map(|record| Cursor(record.key.clone()));
            return Ok(Ok(Page::new(found, next)));
        }
        found.push(record);
        last = Some(key);
    }
    Ok(Ok(Page::new(found, last.filter(|_| more).map(Cursor))))
}

/// The keys that may fit, in their order, from the cursor on; one more than are looked at if there are more.
fn keys(reading: &ReadTransaction, wanted: &Wanted) -> Result<Vec<String>, redb::Error> {
    let shelf = wanted.shelf.name();
    let after = wanted.after.as_ref().map(|cursor| cursor.0.as_str());
    let from = after.unwrap_or_default();
    let mut keys = Vec::new();
    // Whether that was enough.
    let mut push = |key: &str| {
        if after != Some(key) {
            keys.push(key.to_owned());
        }
        keys.len() > MOST_KEYS
    };
    let Filter { link, subject, account, .. } = &wanted.filter;
    if let (Some(link), Some(subject)) = (link.as_deref(), subject.as_deref()) {
        for entry in reading.open_table(SUBJECTS)?.range((shelf, link, subject, from)..)? {
            let (entry, _) = entry?;
            let (of_shelf, of_link, of_subject, key) = entry.value();
            if (of_shelf, of_link, of_subject) != (shelf, link, subject) || push(key) {
                break;
            }
        }
    } else if let Some(account) = account.as_deref() {
        for entry in reading.open_table(ACCOUNTS)?.range((shelf, account, from)..)? {
            let (entry, _) = entry?;
            let (of_shelf, of_account, key) = entry.value();
            if (of_shelf, of_account) != (shelf, account) || push(key) {
                break;
            }
        }
    } else {
        for entry in reading.open_table(RECORDS)?.range((shelf, from)..)? {
            let (entry, _) = entry?;
            let (of_shelf, key) = entry.value();
            if of_shelf != shelf || push(key) {
                break;
            }
        }
    }
    Ok(keys)
}
