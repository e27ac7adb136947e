//! A store that a test can look into, and that forgets everything with it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use dockgate_api::{BackendError, Call, Cursor, Filter, Health, Page, Record, Shelf, Store, async_trait};

/// A store in memory: keeps the whole contract but for what it forgets.
#[derive(Debug, Default)]
pub struct MemoryStore {
    shelves: Mutex<Shelves>,
    /// How many changes are still done; all, if nobody said.
    left: Mutex<Option<usize>>,
    hangs: AtomicBool,
}

#[derive(Debug, Default)]
struct Shelves {
    records: BTreeMap<(Shelf, String), Record>,
    counters: BTreeMap<(Shelf, String), Counter>,
}

#[derive(Clone, Copy, Debug)]
struct Counter {
    value: u64,
    expires_at: SystemTime,
}

impl MemoryStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything on a shelf, over or not, by key.
    pub fn records(&self, shelf: Shelf) -> Vec<Record> {
        let shelves = self.lock();
        shelves.records.iter().filter(|((of, _), _)| *of == shelf).map(|(_, record)| record.clone()).collect()
    }

    /// Goes away after so many further changes: every later one is an error.
    pub fn break_after(&self, changes: usize) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(changes);
    }

    /// Answers no change any more, not even with an error.
    pub fn hang(&self) {
        self.hangs.store(true, Ordering::Relaxed);
    }

    /// Whether one more change is done.
    async fn change(&self) -> Result<(), BackendError> {
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if *left == Some(0) {
            return Err(BackendError::Unavailable("the store went away".to_owned()));
        }
        *left = left.map(|left| left - 1);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_over(record: &Record, now: SystemTime) -> bool {
    record.expires_at.is_some_and(|end| end <= now)
}

#[async_trait]
impl Store for MemoryStore {
    async fn put(&self, _cx: &Call, shelf: Shelf, record: Record) -> Result<(), BackendError> {
        self.change().await?;
        self.lock().records.insert((shelf, record.key.clone()), record);
        Ok(())
    }

    async fn replace(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<bool, BackendError> {
        self.change().await?;
        let mut shelves = self.lock();
        let Some(old) = shelves.records.get_mut(&(shelf, record.key.clone())) else { return Ok(false) };
        if is_over(old, cx.now()) {
            return Ok(false);
        }
        *old = record;
        Ok(true)
    }

    async fn get(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        let shelves = self.lock();
        let record = shelves.records.get(&(shelf, key.to_owned()));
        Ok(record.filter(|record| !is_over(record, cx.now())).cloned())
    }

    async fn take(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        self.change().await?;
        let record = self.lock().records.remove(&(shelf, key.to_owned()));
        Ok(record.filter(|record| !is_over(record, cx.now())))
    }

    async fn list(
        &self,
        cx: &Call,
        shelf: Shelf,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, BackendError> {
        let shelves = self.lock();
        let start = after.map_or_else(
            || Bound::Included((shelf, String::new())),
            |cursor| Bound::Excluded((shelf, cursor.0.clone())),
        );
        let mut fitting = shelves
            .records
            .range((start, Bound::Unbounded))
            .take_while(|((of, _), _)| *of == shelf)
            .map(|(_, record)| record)
            .filter(|record| !is_over(record, cx.now()) && filter.fits(record));
        let records: Vec<_> = fitting.by_ref().take(limit).cloned().collect();
        let last = records.last().map(|record| Cursor(record.key.clone()));
        Ok(Page::new(records, fitting.next().and(last)))
    }

    async fn add(
        &self,
        cx: &Call,
        shelf: Shelf,
        key: &str,
        amount: u64,
        expires_at: SystemTime,
    ) -> Result<u64, BackendError> {
        self.change().await?;
        let mut shelves = self.lock();
        let new = Counter { value: 0, expires_at };
        let counter = shelves.counters.entry((shelf, key.to_owned())).or_insert(new);
        if counter.expires_at <= cx.now() {
            *counter = new;
        }
        counter.value = counter.value.saturating_add(amount);
        Ok(counter.value)
    }

    async fn reset(&self, _cx: &Call, shelf: Shelf, key: &str) -> Result<(), BackendError> {
        self.change().await?;
        self.lock().counters.remove(&(shelf, key.to_owned()));
        Ok(())
    }

    async fn health(&self, _cx: &Call) -> Health {
        Health::Up
    }
}
