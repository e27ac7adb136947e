//! Records that only somebody with the secret can have written.
//!
//! Whoever can write to a shared server must not be able to make credentials with it. So each record carries an
//! HMAC-SHA256 (RFC 2104) of all that it says, its shelf and its key; one that does not fit is as good as none.

mod keys;
mod mac;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use dockgate_api::{BackendError, Call, Counter, Cursor, Filter, Health, Page, Record, Shelf, Store};

pub(crate) use keys::{SealConfig, SealKeys};

/// Before each value: the layout, and the tag.
const LAYOUT: u8 = 1;
const TAG: usize = 32;
/// Keys that were told of. Further ones are counted.
const MOST_TOLD: usize = 1000;

/// A store whose records are sealed.
pub(crate) struct Sealed {
    inner: Arc<dyn Store>,
    keys: SealKeys,
    refused: Counter,
    told: Mutex<HashSet<(Shelf, String)>>,
}

impl Sealed {
    /// `refused` counts records that are not ours.
    pub(crate) fn new(inner: Arc<dyn Store>, keys: SealKeys, refused: Counter) -> Self {
        Self { inner, keys, refused, told: Mutex::default() }
    }

    fn seal(&self, shelf: Shelf, mut record: Record) -> Record {
        let tag = self.keys.tag(shelf, &record);
        let mut value = Vec::with_capacity(record.value.len().saturating_add(TAG + 1));
        value.push(LAYOUT);
        value.extend_from_slice(&tag);
        value.extend_from_slice(&record.value);
        record.value = value;
        record
    }

    /// The record as it was given, if it was given by us.
    fn open(&self, shelf: Shelf, mut record: Record) -> Option<Record> {
        let sealed = std::mem::take(&mut record.value);
        if let Some((&LAYOUT, rest)) = sealed.split_first()
            && let Some((tag, value)) = rest.split_at_checked(TAG)
        {
            record.value = value.to_vec();
            if self.keys.fits(shelf, &record, tag) {
                return Some(record);
            }
        }
        self.refuse(shelf, record.key);
        None
    }

    fn refuse(&self, shelf: Shelf, key: String) {
        self.refused.add(1);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < MOST_TOLD && told.insert((shelf, key.clone())) {
            tracing::error!(
                shelf = shelf.name(),
                key,
                "a record in the store does not carry our seal and is ignored: somebody else wrote or changed it, or \
                 `store.secret` is not the one it was written with"
            );
        }
    }
}

#[async_trait]
impl Store for Sealed {
    async fn put(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<(), BackendError> {
        self.inner.put(cx, shelf, self.seal(shelf, record)).await
    }

    async fn replace(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<bool, BackendError> {
        self.inner.replace(cx, shelf, self.seal(shelf, record)).await
    }

    async fn get(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        let found = self.inner.get(cx, shelf, key).await?;
        Ok(found.and_then(|record| self.open(shelf, record)))
    }

    async fn take(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        let found = self.inner.take(cx, shelf, key).await?;
        Ok(found.and_then(|record| self.open(shelf, record)))
    }

    async fn list(
        &self,
        cx: &Call,
        shelf: Shelf,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, BackendError> {
        let page = self.inner.list(cx, shelf, filter, after, limit).await?;
        let records = page.records.into_iter().filter_map(|record| self.open(shelf, record)).collect();
        Ok(Page::new(records, page.next))
    }

    async fn add(
        &self,
        cx: &Call,
        shelf: Shelf,
        key: &str,
        amount: u64,
        expires_at: SystemTime,
    ) -> Result<u64, BackendError> {
        self.inner.add(cx, shelf, key, amount, expires_at).await
    }

    async fn reset(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<(), BackendError> {
        self.inner.reset(cx, shelf, key).await
    }

    async fn health(&self, cx: &Call) -> Health {
        self.inner.health(cx).await
    }
}
