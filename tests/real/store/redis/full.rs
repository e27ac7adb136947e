//! A Redis without room.

use dockgate_api::{Filter, Store as _};
use serde_json::json;

use super::server::{KEEPS, Server};
use super::{SHELF, call, open, record};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_redis_refuses_writes_and_loses_nothing() {
    let options = [&KEEPS[..], &["--maxmemory", "3mb", "--maxmemory-policy", "noeviction"]].concat();
    let Some(server) = Server::with(&options) else { return };
    let store = open(&json!({"addr": server.addr()}));
    let mut written = Vec::new();
    let error = loop {
        let key = format!("key-{:05}", written.len());
        let mut large = record(&key);
        large.value = vec![7; 16 * 1024];
        match store.put(&call(), SHELF, large).await {
            Ok(()) => written.push(key),
            Err(error) => break error,
        }
        assert!(written.len() < 1000, "3 MiB hold all of it");
    };
    assert_eq!(error.kind(), "unavailable");
    assert!(error.to_string().contains("it is full (maxmemory)"), "{error}");
    assert!(!written.is_empty());
    for key in &written {
        assert!(store.get(&call(), SHELF, key).await.unwrap().is_some(), "{key}");
    }
    let refused = format!("key-{:05}", written.len());
    assert_eq!(store.get(&call(), SHELF, &refused).await.unwrap(), None, "half of it was written");
    let page = store.list(&call(), SHELF, &Filter::default(), None, usize::MAX).await.unwrap();
    assert_eq!(page.records.len(), written.len());
    // What makes room is always taken.
    assert!(store.take(&call(), SHELF, &written[0]).await.unwrap().is_some());
}
