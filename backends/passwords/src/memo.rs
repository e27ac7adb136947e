//! What was right once is right for as long as the stored hash stays: the hash is part of the key.

use quick_cache::sync::Cache;

use crate::digests::Digest;

pub(crate) struct Memo(Option<Cache<Digest, ()>>);

impl Memo {
    pub(crate) fn new(entries: usize) -> Self {
        Self((entries > 0).then(|| Cache::new(entries)))
    }

    pub(crate) fn knows(&self, check: &Digest) -> bool {
        self.0.as_ref().is_some_and(|known| known.get(check).is_some())
    }

    /// How many are known to be right, about: others may come and go meanwhile.
    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, Cache::len)
    }

    pub(crate) fn remember(&self, check: Digest) {
        if let Some(known) = &self.0 {
            known.insert(check, ());
        }
    }
}
