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

async fn put_and_get(store: &dyn Store, record: Record) -> Option<Record> {
    let key = record.key.clone();
    store.put(&call(), SHELF, record).await.unwrap();
    store.get(&call(), SHELF, &key).await.unwrap()
}

#[tokio::test]
async fn a_sealed_store_keeps_the_contract() {
    let inner = Arc::new(MemoryStore::new());
    let (store, refused) = sealed(&inner, SealKeys::new(SECRET, None));
    dockgate_testkit::store::conformance(Arc::new(store)).await;
    assert_eq!(refused.get(), 0);
}

#[tokio::test]
async fn what_somebody_else_wrote_or_changed_is_not_there() {
    type Change = fn(&mut Record);
    let changes: [(&str, Change); 11] = [
        ("value", |record| *record.value.last_mut().unwrap() ^= 1),
        ("tag", |record| record.value[1] ^= 1),
        ("layout", |record| record.value[0] = 2),
        ("cut off", |record| record.value.truncate(10)),
        ("nothing", |record| record.value.clear()),
        ("created", |record| record.created_at += Duration::from_millis(1)),
        ("end", |record| record.expires_at = Some(record.created_at + Duration::from_secs(5_000_000_000))),
        ("no end", |record| record.expires_at = None),
        ("subject", |record| record.owner.as_mut().unwrap().subject = "entryuuid:2".to_owned()),
        ("account", |record| record.owner.as_mut().unwrap().account = "root".to_owned()),
        ("owner", |record| record.owner = None),
    ];
    for (what, change) in changes {
        let inner = Arc::new(MemoryStore::new());
        let (store, refused) = sealed(&inner, SealKeys::new(SECRET, None));
        assert_eq!(put_and_get(&store, record()).await, Some(record()));
        let mut changed = inner.records(SHELF).remove(0);
        change(&mut changed);
        inner.put(&call(), SHELF, changed).await.unwrap();
        assert_eq!(store.get(&call(), SHELF, "key").await.unwrap(), None, "{what}");
        let page = store.list(&call(), SHELF, &Filter::default(), None, 10).await.unwrap();
        assert_eq!(page.records, Vec::new(), "{what}");
        assert_eq!(store.take(&call(), SHELF, "key").await.unwrap(), None, "{what}");
        assert_eq!(refused.get(), 3, "{what}");
    }
}

#[tokio::test]
async fn a_seal_is_good_for_its_own_shelf_and_key() {
    let inner = Arc::new(MemoryStore::new());
    let (store, _) = sealed(&inner, SealKeys::new(SECRET, None));
    store.put(&call(), SHELF, record()).await.unwrap();
    let mut moved = inner.records(SHELF).remove(0);
    inner.put(&call(), Shelf::RefreshTokens, moved.clone()).await.unwrap();
    assert_eq!(store.get(&call(), Shelf::RefreshTokens, "key").await.unwrap(), None);
    moved.key = "other".to_owned();
    inner.put(&call(), SHELF, moved).await.unwrap();
    assert_eq!(store.get(&call(), SHELF, "other").await.unwrap(), None);
}

#[tokio::test]
async fn the_secret_before_is_good_for_reading() {
    let inner = Arc::new(MemoryStore::new());
    let (old, _) = sealed(&inner, SealKeys::new(SECRET, None));
    old.put(&call(), SHELF, record()).await.unwrap();
    let (new, _) = sealed(&inner, SealKeys::new(OTHER, Some(SECRET)));
    assert_eq!(new.get(&call(), SHELF, "key").await.unwrap(), Some(record()));
    assert!(new.replace(&call(), SHELF, record()).await.unwrap());
    assert_eq!(old.get(&call(), SHELF, "key").await.unwrap(), None, "the new one writes");
    let (later, _) = sealed(&inner, SealKeys::new(OTHER, None));
    assert_eq!(later.get(&call(), SHELF, "key").await.unwrap(), Some(record()));
}

#[tokio::test]
async fn what_is_told_is_bounded_and_what_is_counted_is_not() {
    let inner = Arc::new(MemoryStore::new());
    let (store, refused) = sealed(&inner, SealKeys::new(SECRET, None));
    for number in 0..MOST_TOLD + 10 {
        let forged = Record::new(format!("key-{number}"), SystemTime::UNIX_EPOCH, b"forged".to_vec());
        inner.put(&call(), SHELF, forged).await.unwrap();
        assert_eq!(store.get(&call(), SHELF, &format!("key-{number}")).await.unwrap(), None);
    }
    assert_eq!(refused.get(), MOST_TOLD as u64 + 10);
    assert_eq!(store.told.lock().unwrap().len(), MOST_TOLD);
}

/// Of other parts that look alike when they are put behind one another.
#[test]
fn a_tag_has_one_meaning() {
    let keys = SealKeys::new(SECRET, None);
    let at = SystemTime::UNIX_EPOCH;
    let tag = |record: Record| keys.tag(SHELF, &record);
    let owned = |link, subject| Record::new("k", at, vec![]).owned_by(Owner::new(link, subject, "a"));
    assert_ne!(tag(owned("ab", "c")), tag(owned("a", "bc")));
    assert_ne!(tag(Record::new("ab", at, b"c".to_vec())), tag(Record::new("a", at, b"bc".to_vec())));
}

fn configured(section: serde_json::Value) -> Result<crate::StoreHandle, String> {
    let config = serde_json::from_value(section).map_err(|error| error.to_string())?;
    let made = crate::StoreHandle::new(config, &dockgate_testkit::fakes::build_context());
    made.map_err(|error| error.to_string())
}

#[test]
fn a_store_that_is_shared_has_a_secret() {
    use serde_json::json;
    let postgres = json!({"host": "localhost", "database": "d", "user": "u"});
    let cases = [
        (json!({"postgres": postgres}), "needs `secret_file"),
        (json!({"postgres": postgres, "secret_before": SECRET}), "needs `secret_file"),
        (json!({"postgres": postgres, "secret": "short"}), "secret: at least 32"),
        (
            json!({"postgres": postgres, "secret": SECRET, "secret_before": "short"}),
            "secret_before: at least 32",
        ),
        (json!({"postgres": postgres, "secret": SECRET, "secret_file": "x"}), "keep one"),
        (json!({"file": "x", "secret_before": SECRET}), "`secret` is missing"),
    ];
    for (section, words) in cases {
        let Err(why) = configured(section.clone()) else { panic!("{section} is taken") };
        assert!(why.contains(words), "{section}: {why}");
        assert!(!why.contains("short"), "{why}");
    }
    for section in [json!({"file": "x"}), json!({"file": "x", "secret": SECRET})] {
        assert!(configured(section).is_ok());
    }
    let handle = |secret: &str| configured(json!({"postgres": postgres, "secret": secret})).unwrap();
    assert!(handle(SECRET).is_same(&handle(SECRET)));
    assert!(!handle(SECRET).is_same(&handle(OTHER)), "another secret is another store");
}
