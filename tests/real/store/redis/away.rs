//! A Redis that is away, stuck or back again.

use std::time::{Duration, Instant};

use dockgate_api::Store as _;
use serde_json::json;

use super::server::Server;
use super::{SHELF, call, health, open, put_at_last, record, within};

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_away_is_told_at_once_and_used_when_it_comes() {
    let Some(mut server) = Server::start() else { return };
    server.kill();
    let store = open(&server.section());
    let start = Instant::now();
    let error = store.put(&call(), SHELF, record("one")).await.unwrap_err();
    assert_eq!(error.kind(), "unavailable");
    assert!(error.to_string().contains("refused") && start.elapsed() < Duration::from_secs(3), "{error}");
    assert!(health(&*store).await.starts_with("down: Redis at 127.0.0.1:"));
    server.start_again();
    put_at_last(&*store, "two").await;
    assert_eq!(health(&*store).await, "up");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_after_a_crash() {
    let Some(mut server) = Server::start() else { return };
    let store = open(&server.section());
    for number in 0..100 {
        store.put(&call(), SHELF, record(&format!("key-{number}"))).await.unwrap();
    }
    store.take(&call(), SHELF, "key-7").await.unwrap().unwrap();
    server.kill();
    server.start_again();
    put_at_last(&*store, "after").await;
    for number in 0..100 {
        let found = store.get(&call(), SHELF, &format!("key-{number}")).await.unwrap();
        assert_eq!(found.is_some(), number != 7, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_keeps_nobody_beyond_the_deadline() {
    let Some(server) = Server::start() else { return };
    let mut section = server.section();
    section["timeouts"] = json!({"connect": "1s", "answer": "500ms"});
    let store = open(&section);
    put_at_last(&*store, "one").await;
    let frozen = server.freeze();
    let start = Instant::now();
    let error = store.get(&within(Duration::from_millis(200)), SHELF, "one").await.unwrap_err();
    assert_eq!(error.kind(), "timeout", "{error}");
    assert!(start.elapsed() >= Duration::from_millis(200), "the caller's deadline");
    // The connection is given up, and the next callers do not wait for it.
    let start = Instant::now();
    let mut kinds = Vec::new();
    while kinds.last() != Some(&"unavailable") {
        let asked = Instant::now();
        kinds.push(store.get(&call(), SHELF, "one").await.unwrap_err().kind());
        assert!(asked.elapsed() < Duration::from_secs(5), "no longer than `answer`");
        assert!(start.elapsed() < super::PATIENCE, "{kinds:?}");
    }
    drop(frozen);
    put_at_last(&*store, "two").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_an_administrator_ends_fails_no_reader() {
    let Some(server) = Server::start() else { return };
    let store = open(&server.section());
    put_at_last(&*store, "one").await;
    for _ in 0..5 {
        server.ask(&["CLIENT", "KILL", "TYPE", "normal"]);
        assert!(store.get(&call(), SHELF, "one").await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_without_its_scripts_learns_them_again() {
    let Some(server) = Server::start() else { return };
    let store = open(&server.section());
    for key in ["one", "two"] {
        store.put(&call(), SHELF, record(key)).await.unwrap();
        server.ask(&["SCRIPT", "FLUSH"]);
    }
    assert!(store.take(&call(), SHELF, "one").await.unwrap().is_some());
}
