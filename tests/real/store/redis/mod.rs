//! Redis: everything the manual says of it.

mod away;
mod cluster;
mod conformance;
mod docker_auth;
mod durability;
mod full;
mod garbage;
mod killed;
mod login;
pub(crate) mod server;
mod tls;
mod written;

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::{Call, Health, Owner, Record, Shelf, Store};
use dockgate_store::StoreHandle;
use dockgate_testkit::fakes::noon;
use serde_json::Value;

use super::opened::{self, call_within as within, sealed};

const SHELF: Shelf = Shelf::RefreshTokens;
/// Until what must come has come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The store of a section `redis`, open.
fn open(section: &Value) -> Arc<StoreHandle> {
    opened::open(&sealed("redis", section))
}

fn call() -> Call {
    within(PATIENCE)
}

fn record(key: &str) -> Record {
    Record::new(key, noon(), format!("value of {key}").into_bytes())
        .owned_by(Owner::new("ldap", "entryuuid:1", "alice"))
        .with_expires_at(noon() + Duration::from_secs(30 * 24 * 3600))
}

/// Writes a record as soon as the store takes one.
async fn put_at_last(store: &impl Store, key: &str) {
    let start = Instant::now();
    while let Err(error) = store.put(&within(Duration::from_secs(2)), SHELF, record(key)).await {
        assert!(start.elapsed() < PATIENCE, "{error}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn health(store: &impl Store) -> String {
    match store.health(&call()).await {
        Health::Up => "up".to_owned(),
        Health::Degraded(why) => format!("degraded: {why}"),
        Health::Down(why) => format!("down: {why}"),
        other => panic!("{other:?}"),
    }
}
