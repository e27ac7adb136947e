//! What Redis does not promise is said, and not written.

use dockgate_api::Store as _;
use serde_json::json;

use super::server::{KEEPS, Server};
use super::{SHELF, call, health, open, put_at_last, record};

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_promises_less_is_not_written_to() {
    let eviction = ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"];
    let cases: [(&[&str], &str); 4] = [
        (&[], "appendonly is no"),
        (&["--appendonly", "yes", "--appendfsync", "everysec"], "in the last second or two"),
        (&["--appendonly", "yes", "--appendfsync", "no"], "in the last half minute"),
        (&[&KEEPS[..], &eviction].concat(), "it throws credentials away"),
    ];
    for (options, part) in cases {
        let Some(server) = Server::with(options) else { return };
        let store = open(&server.section());
        let error = store.put(&call(), SHELF, record("one")).await.unwrap_err();
        assert_eq!(error.kind(), "unavailable");
        let error = error.to_string();
        assert!(error.contains(part) && error.contains("`durability: best_effort`"), "{error}");
        assert!(store.replace(&call(), SHELF, record("one")).await.is_err());
        assert!(store.take(&call(), SHELF, "one").await.is_err());
        assert_eq!(store.get(&call(), SHELF, "one").await.unwrap(), None, "reading is no matter of trust");
        let end = record("one").expires_at.unwrap();
        assert_eq!(store.add(&call(), SHELF, "one", 2, end).await.unwrap(), 2, "nor is counting");
        assert!(health(&*store).await.contains(part));
        let store = open(&json!({"addr": server.addr(), "durability": "best_effort"}));
        store.put(&call(), SHELF, record("one")).await.unwrap();
        assert!(health(&*store).await.contains(part));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_told_to_keep_things_is_trusted_later() {
    let Some(server) = Server::with(&[]) else { return };
    let store = open(&server.section());
    store.put(&call(), SHELF, record("one")).await.unwrap_err();
    server.ask(&["CONFIG", "SET", "appendonly", "yes", "appendfsync", "always"]);
    // It is asked anew on each new connection, and now and then.
    server.ask(&["CLIENT", "KILL", "TYPE", "normal"]);
    put_at_last(&*store, "two").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_named_as_such() {
    let (Some(master), Some(replica)) = (Server::start(), Server::start()) else { return };
    replica.ask(&["REPLICAOF", "127.0.0.1", &master.port.to_string()]);
    let store = open(&replica.section());
    let error = store.put(&call(), SHELF, record("one")).await.unwrap_err().to_string();
    assert!(error.contains("write the address of its master"), "{error}");
    assert!(health(&*store).await.contains("it is a replica"));
}
