//! What the suite writes: keys and links that nobody else has, and what it wrote.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::time::SystemTime;

use dockgate_api::{Owner, Record, Shelf};

/// Keys and links that nobody else has.
pub(super) struct Data {
    tag: String,
    made: u64,
    written: BTreeSet<(Shelf, String)>,
    counters: BTreeSet<(Shelf, String)>,
}

impl Data {
    pub(super) fn new() -> Self {
        let bits = RandomState::new().hash_one("suite");
        Self { tag: format!("{bits:016x}"), made: 0, written: BTreeSet::new(), counters: BTreeSet::new() }
    }

    /// A name that was never used.
    pub(super) fn name(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{what}-{}-{}", self.tag, self.made)
    }

    /// A record under a key that was never used.
    pub(super) fn record(&mut self, created_at: SystemTime) -> Record {
        let key = self.name("key");
        let value = format!("value of {key}").into_bytes();
        Record::new(key, created_at, value)
    }

    /// An owner whom nobody else is.
    pub(super) fn owner(&mut self) -> Owner {
        Owner::new(self.name("link"), self.name("subject"), self.name("account"))
    }

    pub(super) fn wrote(&mut self, shelf: Shelf, key: &str) {
        self.written.insert((shelf, key.to_owned()));
    }

    pub(super) fn counted(&mut self, shelf: Shelf, key: &str) {
        self.counters.insert((shelf, key.to_owned()));
    }

    pub(super) fn is_mine(&self, shelf: Shelf, key: &str) -> bool {
        self.written.contains(&(shelf, key.to_owned()))
    }

    pub(super) fn written(&self) -> Vec<(Shelf, String)> {
        self.written.iter().cloned().collect()
    }

    pub(super) fn counters(&self) -> Vec<(Shelf, String)> {
        self.counters.iter().cloned().collect()
    }
}

/// What is different, in words short enough for a report.
pub(super) fn difference(found: Option<&Record>, expected: Option<&Record>) -> String {
    match (found, expected) {
        (None, None) => "it was not answered".to_owned(),
        (None, Some(expected)) => format!("no record under {}", crate::hostile::shown(&expected.key)),
        (Some(found), None) => format!("a record under {}", crate::hostile::shown(&found.key)),
        (Some(found), Some(expected)) => {
            let fields = [
                ("key", found.key == expected.key),
                ("owner", found.owner == expected.owner),
                ("created_at", found.created_at == expected.created_at),
                ("value", found.value == expected.value),
                ("expires_at", found.expires_at == expected.expires_at),
            ];
            let other: Vec<_> = fields.iter().filter(|(_, same)| !same).map(|(name, _)| *name).collect();
            format!("other than written: {}", other.join(", "))
        }
    }
}
