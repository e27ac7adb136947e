//! A server that is away, stands still, or can only be read.

use std::time::{Duration, Instant};

use dockgate_api::{BackendError, Health, Record, Shelf, Store as _};
use dockgate_testkit::fakes::noon;
use serde_json::json;

use super::super::opened::{call_within, comes_back, open, sealed};
use super::server::{Options, Postgres};
use crate::directory::backend::with;
use crate::harness::process::free_port;

const TIME: Duration = Duration::from_secs(20);

fn record(key: &str) -> Record {
    Record::new(key, noon(), b"value".to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_away_is_told_at_once() {
    let section =
        json!({"host": "127.0.0.1", "port": free_port(), "database": "d", "user": "u", "password": "p"});
    let store = open(&sealed("postgres", &section));
    let began = Instant::now();
    let asked = store.get(&call_within(TIME), Shelf::ApiTokens, "any").await;
    let Err(BackendError::Unavailable(why)) = &asked else { panic!("{asked:?}") };
    assert!(why.contains("refused"), "{why}");
    assert!(began.elapsed() < TIME / 4, "it took {:?}", began.elapsed());
    assert!(matches!(store.health(&call_within(TIME)).await, Health::Down(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_restarted_is_found_again() {
    let Some(mut postgres) = Postgres::start(Options::default()) else { return };
    let store = open(&sealed("postgres", &postgres.section()));
    store.put(&call_within(TIME), Shelf::ApiTokens, record("before")).await.unwrap();
    postgres.kill();
    let asked = store.get(&call_within(TIME), Shelf::ApiTokens, "before").await;
    assert!(matches!(asked, Err(BackendError::Unavailable(_))), "{asked:?}");
    postgres.restart();
    comes_back(&store).await;
    assert_eq!(store.get(&call_within(TIME), Shelf::ApiTokens, "before").await, Ok(Some(record("before"))));
}

/// Each of them is as good as dead, and nobody notices before it is used.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_died_are_replaced_within_the_call() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let store = open(&sealed("postgres", &postgres.section()));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let store = store.clone();
        tasks.spawn(async move {
            store.put(&call_within(TIME), Shelf::ApiTokens, record(&format!("key-{number}"))).await
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap().unwrap();
    }
    let ended = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE usename = 'app'";
    assert_ne!(postgres.sql(ended), "0");
    store.put(&call_within(TIME), Shelf::ApiTokens, record("after")).await.unwrap();
    for number in 0..40 {
        let key = format!("key-{number}");
        assert_eq!(store.get(&call_within(TIME), Shelf::ApiTokens, &key).await, Ok(Some(record(&key))));
    }
    // What must not be done twice finds only living ones now.
    assert_eq!(store.take(&call_within(TIME), Shelf::ApiTokens, "after").await, Ok(Some(record("after"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_stands_still_calls_end_by_their_deadline() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let store = open(&sealed("postgres", &postgres.section()));
    store.put(&call_within(TIME), Shelf::ApiTokens, record("before")).await.unwrap();
    postgres.pause();
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..30 {
        let store = store.clone();
        tasks.spawn(async move {
            let cx = call_within(Duration::from_secs(1));
            store.put(&cx, Shelf::ApiTokens, record(&format!("key-{number}"))).await
        });
    }
    while let Some(ended) = tasks.join_next().await {
        let put = ended.unwrap();
        assert!(matches!(put, Err(BackendError::Timeout(_) | BackendError::Unavailable(_))), "{put:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "they took {:?}", began.elapsed());
    // A call without a deadline worth the name ends too.
    let asked = store.get(&call_within(TIME * 10), Shelf::ApiTokens, "before").await;
    assert!(asked.is_err());
    assert!(began.elapsed() < TIME, "it took {:?}", began.elapsed());
    postgres.go_on();
    comes_back(&store).await;
    assert_eq!(store.get(&call_within(TIME), Shelf::ApiTokens, "before").await, Ok(Some(record("before"))));
}

/// As after a failover: where the open connections lead, nothing can be written, and new ones lead elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn connections_on_which_nothing_can_be_written_are_given_up() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let section = with(&postgres.section(), json!({"max_connections": 3}));
    let store = open(&sealed("postgres", &section));
    store.put(&call_within(TIME), Shelf::ApiTokens, record("before")).await.unwrap();
    postgres.sql("ALTER ROLE app SET default_transaction_read_only = on");
    let others = open(&sealed("postgres", &section));
    let put = others.put(&call_within(TIME), Shelf::ApiTokens, record("key")).await;
    let Err(BackendError::Unavailable(why)) = &put else { panic!("{put:?}") };
    assert!(why.contains("25006"), "{why}");
    assert!(matches!(others.health(&call_within(TIME)).await, Health::Down(_)));
    // The connection of the check above stays open and stays as it is.
    assert_eq!(others.get(&call_within(TIME), Shelf::ApiTokens, "before").await, Ok(Some(record("before"))));
    postgres.sql("ALTER ROLE app RESET default_transaction_read_only");
    others.put(&call_within(TIME), Shelf::ApiTokens, record("key")).await.unwrap();
    assert_eq!(others.take(&call_within(TIME), Shelf::ApiTokens, "key").await, Ok(Some(record("key"))));
}
