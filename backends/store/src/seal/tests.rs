use std::time::{Duration, SystemTime};

use dockgate_api::{Counter, Owner};
use dockgate_testkit::fakes::call;
use dockgate_testkit::store::MemoryStore;

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";
const SHELF: Shelf = Shelf::ApiTokens;

fn sealed(inner: &Arc<MemoryStore>, keys: SealKeys) -> (Sealed, Counter) {
    let refused = Counter::default();
    (Sealed::new(inner.clone(), keys, refused.clone()), refused)
}

fn record() -> Record {
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    Record::new("key", at(1_000), b"value".to_vec())
        .owned_by(Owner::new("corp", "entryuuid:1", "alice"))
        .with_expires_at(at(4_000_000_000))
}
