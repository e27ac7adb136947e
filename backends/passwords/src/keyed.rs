//! Things that exist while somebody uses them, found by a digest.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::digests::Digest;

type Entries<T> = Mutex<HashMap<Digest, Entry<T>>>;

struct Entry<T> {
    users: usize,
    value: Arc<T>,
}

pub(crate) struct Keyed<T>(Arc<Entries<T>>);

impl<T> Keyed<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(HashMap::new())))
    }

    /// The thing of this digest, made if nobody uses it yet.
    pub(crate) fn lease(&self, digest: Digest, make: impl FnOnce() -> T) -> Lease<T> {
        let mut entries = lock(&self.0);
        let entry = entries.entry(digest).or_insert_with(|| Entry { users: 0, value: Arc::new(make()) });
        entry.users += 1;
        Lease { entries: Arc::clone(&self.0), digest, value: Arc::clone(&entry.value) }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

/// One user's hold on a thing; the last one takes it away.
pub(crate) struct Lease<T> {
    entries: Arc<Entries<T>>,
    digest: Digest,
    pub(crate) value: Arc<T>,
}

impl<T> Drop for Lease<T> {
    fn drop(&mut self) {
        let mut entries = lock(&self.entries);
        if let Some(entry) = entries.get_mut(&self.digest) {
            entry.users = entry.users.saturating_sub(1);
            if entry.users == 0 {
                entries.remove(&self.digest);
            }
        }
    }
}

fn lock<T>(entries: &Entries<T>) -> MutexGuard<'_, HashMap<Digest, Entry<T>>> {
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}
