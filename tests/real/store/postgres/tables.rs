//! The tables: made once, known by version, swept, and of no use to whoever else can write to them.

use std::time::Duration;

use dockgate_api::{BackendError, Call, Health, Owner, Record, RequestId, Shelf, Store as _};
use dockgate_testkit::fakes::noon;

use super::super::opened::{call_within, open, sealed};
use super::server::{Options, Postgres};
use crate::harness::poll;

const TIME: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_at_once_make_them_once() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let section = sealed("postgres", &postgres.section());
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let store = open(&section);
        tasks.spawn(async move {
            let record = Record::new(format!("key-{number}"), noon(), b"value".to_vec());
            store.put(&call_within(TIME), Shelf::ApiTokens, record).await
        });
    }
    while let Some(ended) = tasks.join_next().await {
        assert_eq!(ended.unwrap(), Ok(()));
    }
    assert_eq!(postgres.sql("SELECT count(*) FROM dockgate.dockgate_records"), "8");
    assert_eq!(postgres.sql("SELECT version, usable_from FROM dockgate.dockgate_layout"), "1|1");
    assert_eq!(postgres.sql("SELECT count(*) FROM dockgate.dockgate_migrations"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_later_release_are_used_if_that_release_allows_it() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let section = sealed("postgres", &postgres.section());
    let first = open(&section);
    first.get(&call_within(TIME), Shelf::ApiTokens, "any").await.unwrap();
    // As a migration of a later release would: it adds, and says who can go on.
    postgres.sql("ALTER TABLE dockgate.dockgate_records ADD COLUMN colour TEXT");
    postgres.sql("INSERT INTO dockgate.dockgate_migrations VALUES (2, 'colours', now(), true, 'x', 0)");
    postgres.sql("UPDATE dockgate.dockgate_layout SET version = 2");
    let record = Record::new("key", noon(), b"value".to_vec());
    first.put(&call_within(TIME), Shelf::ApiTokens, record.clone()).await.unwrap();
    assert_eq!(open(&section).get(&call_within(TIME), Shelf::ApiTokens, "key").await, Ok(Some(record)));

    postgres.sql("UPDATE dockgate.dockgate_layout SET usable_from = 2");
    let later = open(&section);
    let asked = later.get(&call_within(TIME), Shelf::ApiTokens, "key").await;
    let Err(BackendError::Protocol(why)) = &asked else { panic!("{asked:?}") };
    assert!(why.contains("of version 2") && why.contains("newer release"), "{why}");
    assert!(matches!(later.health(&call_within(TIME)).await, Health::Down(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_gone_are_made_again() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let store = open(&sealed("postgres", &postgres.section()));
    store.get(&call_within(TIME), Shelf::ApiTokens, "any").await.unwrap();
    postgres.sql("DROP SCHEMA dockgate CASCADE");
    assert!(store.get(&call_within(TIME), Shelf::ApiTokens, "any").await.is_err());
    assert_eq!(store.get(&call_within(TIME), Shelf::ApiTokens, "any").await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_changed_by_hand_is_not_there() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let store = open(&sealed("postgres", &postgres.section()));
    let record =
        |key: &str| Record::new(key, noon(), b"value".to_vec()).owned_by(Owner::new("corp", "1", "alice"));
    let put = async |key: &str| store.put(&call_within(TIME), Shelf::ApiTokens, record(key)).await.unwrap();
    let get = async |key: &str| store.get(&call_within(TIME), Shelf::ApiTokens, key).await.unwrap();
    let changes = [
        "UPDATE dockgate.dockgate_records SET account = 'root' WHERE key = $K",
        "UPDATE dockgate.dockgate_records SET subject = '2' WHERE key = $K",
        "UPDATE dockgate.dockgate_records SET expires_at = 4000000000000 WHERE key = $K",
        "UPDATE dockgate.dockgate_records SET created_at = created_at + 1 WHERE key = $K",
        "UPDATE dockgate.dockgate_records SET value = value || 'x'::bytea WHERE key = $K",
        "UPDATE dockgate.dockgate_records SET value = (SELECT value FROM dockgate.dockgate_records WHERE key = 'good') \
         WHERE key = $K",
    ];
    put("good").await;
    for (number, change) in changes.iter().enumerate() {
        let key = format!("key-{number}");
        put(&key).await;
        assert_eq!(get(&key).await, Some(record(&key)));
        postgres.sql(&change.replace("$K", &format!("'{key}'")));
        assert_eq!(get(&key).await, None, "{change}");
    }
    let forged = "INSERT INTO dockgate.dockgate_records SELECT shelf, 'forged', link, subject, account, created_at, expires_at, \
                  value FROM dockgate.dockgate_records WHERE key = 'good'";
    postgres.sql(forged);
    // One that is no record at all hides no other.
    postgres.sql("UPDATE dockgate.dockgate_records SET created_at = -1 WHERE key = 'key-0'");
    let page =
        store.list(&call_within(TIME), Shelf::ApiTokens, &dockgate_api::Filter::default(), None, 100).await;
    assert_eq!(page.unwrap().records, [record("good")]);
}

/// By the calls' clock, whatever the server's own says.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_taken_away_now_and_then() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let store = open(&sealed("postgres", &postgres.section()));
    let put = async |key: &str, after: Duration, lives: Option<Duration>| {
        let now = noon() + after;
        let mut record = Record::new(key, now, b"value".to_vec());
        record.expires_at = lives.map(|lives| now + lives);
        let cx = Call::new(now, std::time::Instant::now() + TIME, RequestId::from_bits(1));
        store.add(&cx, Shelf::Lockouts, key, 1, now + Duration::from_secs(60)).await.unwrap();
        store.put(&cx, Shelf::ApiTokens, record).await.unwrap();
    };
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    put("short", minutes(0), Some(minutes(1))).await;
    put("long", minutes(0), Some(minutes(600))).await;
    put("ever", minutes(0), None).await;
    put("new", minutes(30), Some(minutes(1))).await;
    let left = |table: &str| {
        postgres.sql(&format!("SELECT string_agg(key, ' ' ORDER BY key) FROM dockgate.{table}"))
    };
    let swept = poll(TIME, || (left("dockgate_records") == "ever long new").then_some(()));
    assert!(swept.is_some(), "{}", left("dockgate_records"));
    let swept = poll(TIME, || (left("dockgate_counters") == "new").then_some(()));
    assert!(swept.is_some(), "{}", left("dockgate_counters"));
}
