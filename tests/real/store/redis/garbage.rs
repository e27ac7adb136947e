//! What has ended leaves nothing behind.

use std::time::Duration;

use dockgate_api::{Filter, Store as _};
use dockgate_testkit::fakes::noon;

use super::server::Server;
use super::{SHELF, call, open, record};

const BASE: &str = "dockgate:{refresh-tokens}:";

#[tokio::test(flavor = "multi_thread")]
async fn writers_sweep_away_what_has_ended() {
    let Some(server) = Server::start() else { return };
    let store = open(&server.section());
    for number in 0..20 {
        let mut old = record(&format!("old-{number:02}"));
        old.owner.as_mut().unwrap().account = format!("account-{number}");
        store.put(&call(), SHELF, old).await.unwrap();
        // As if it had ended long ago, by the clock of Redis.
        server.ask(&["ZADD", &format!("{BASE}x"), "XX", "1", &format!("old-{number:02}")]);
    }
    for number in 0..3 {
        store.put(&call(), SHELF, record(&format!("new-{number}"))).await.unwrap();
    }
    let keys = server.ask(&["KEYS", "*"]);
    assert!(!keys.contains("old-") && !keys.contains("account-"), "{keys}");
    assert_eq!(server.ask(&["ZCARD", &format!("{BASE}k")]), "3");
    assert_eq!(server.ask(&["ZCARD", &format!("{BASE}o:4:ldap:entryuuid:1")]), "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_without_a_record_are_no_record_and_go() {
    let Some(server) = Server::start() else { return };
    let store = open(&server.section());
    for key in ["one", "two", "three"] {
        store.put(&call(), SHELF, record(key)).await.unwrap();
    }
    // As Redis does by itself, long after the end.
    server.ask(&["DEL", &format!("{BASE}r:two")]);
    let page = store.list(&call(), SHELF, &Filter::default(), None, 10).await.unwrap();
    let keys: Vec<_> = page.records.iter().map(|record| record.key.as_str()).collect();
    assert_eq!((keys, page.next), (vec!["one", "three"], None));
    assert_eq!(server.ask(&["ZCARD", &format!("{BASE}k")]), "2");
}

/// Else whoever can write to Redis could keep administrators from taking credentials away.
#[tokio::test(flavor = "multi_thread")]
async fn a_spoilt_record_hides_no_other() {
    let Some(server) = Server::start() else { return };
    let store = open(&server.section());
    for key in ["one", "two", "three"] {
        store.put(&call(), SHELF, record(key)).await.unwrap();
    }
    server.ask(&["HSET", &format!("{BASE}r:two"), "d", "no record"]);
    let page = store.list(&call(), SHELF, &Filter::default(), None, 10).await.unwrap();
    let keys: Vec<_> = page.records.iter().map(|record| record.key.as_str()).collect();
    assert_eq!((keys, page.next), (vec!["one", "three"], None));
    assert!(store.get(&call(), SHELF, "two").await.is_err(), "by its key it is told of");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_itself_ends_what_nobody_sweeps() {
    let Some(server) = Server::start() else { return };
    let store = open(&server.section());
    let hours =
        |key: &str| -> u64 { server.ask(&["TTL", &format!("{BASE}{key}")]).parse::<u64>().unwrap() / 3600 };
    let with_end = |key: &str, days: u64| {
        let mut record = record(key);
        record.expires_at = Some(noon() + Duration::from_secs(days * 24 * 3600));
        record
    };
    store.put(&call(), SHELF, with_end("one", 1)).await.unwrap();
    assert!((48..=49).contains(&hours("r:one")), "a day, and the slack of a day and an hour");
    store.put(&call(), SHELF, with_end("two", 3)).await.unwrap();
    store.put(&call(), SHELF, with_end("three", 2)).await.unwrap();
    assert!((96..=97).contains(&hours("a:alice")), "as long as the last of them");
    let mut endless = record("four");
    endless.expires_at = None;
    store.put(&call(), SHELF, endless).await.unwrap();
    assert_eq!(server.ask(&["TTL", &format!("{BASE}a:alice")]), "-1");
    assert_eq!(server.ask(&["TTL", &format!("{BASE}r:four")]), "-1");
    store.add(&call(), SHELF, "count", 1, noon() + Duration::from_secs(3600)).await.unwrap();
    assert!((1..=2).contains(&hours("c:count")), "an hour, and the slack of one");
}
