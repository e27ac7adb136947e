//! The suite for stores, with a real Redis behind it.

use serde_json::json;

use super::super::opened::conforms;
use super::open;
use super::server::{KEEPS, Server};

#[tokio::test(flavor = "multi_thread")]
async fn one_redis_passes() {
    let Some(server) = Server::start() else { return };
    conforms("redis", &server.section()).await;
    assert_eq!(server.ask(&["DBSIZE"]), "0", "what was taken away left something behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_a_database_and_a_prefix_pass() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("redis.sock");
    let socket = socket.to_str().unwrap();
    let Some(server) = Server::with(&[&KEEPS[..], &["--unixsocket", socket]].concat()) else { return };
    conforms("redis", &json!({"addr": socket, "database": 3, "prefix": "tokens/"})).await;
    let store = open(&json!({"addr": socket, "database": 3, "prefix": "tokens/"}));
    super::put_at_last(&*store, "one").await;
    let keys = server.ask(&["-n", "3", "KEYS", "*"]);
    assert!(keys.lines().all(|key| key.starts_with("tokens/{refresh-tokens}:")), "{keys}");
}
