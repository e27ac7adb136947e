//! The store as the server opens it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::{Call, RequestId, Store as _};
use dockgate_store::{StoreConfig, StoreHandle};
use dockgate_testkit::fakes::{build_context, noon};
use dockgate_testkit::store::conformance;
use serde_json::{Value, json};

use crate::directory::backend::with;

/// What records are signed with.
pub(crate) const SECRET: &str = "a-secret-of-the-tests-with-32-letters-and-more";

/// A section with the secret.
pub(crate) fn sealed(store: &str, section: &Value) -> Value {
    json!({store: section, "secret": SECRET})
}

/// The store of a section, as the server opens it.
pub(crate) fn open(section: &Value) -> Arc<StoreHandle> {
    let config: StoreConfig = serde_json::from_value(section.clone()).unwrap();
    let handle =
        StoreHandle::new(config, &build_context()).unwrap_or_else(|error| panic!("{section}: {error}"));
    handle.open().unwrap_or_else(|error| panic!("{section}: {error}"));
    Arc::new(handle)
}

/// Holds the store of a section to the contract. The suite asks for 64 at once, of which each may make a connection, on a
/// machine that has others to serve.
pub(crate) async fn conforms(store: &str, section: &Value) {
    let patient = with(section, json!({"timeouts": {"connect": "25s", "answer": "25s"}}));
    conformance(open(&sealed(store, &patient))).await;
}

/// A call with so much time.
pub(crate) fn call_within(time: Duration) -> Call {
    Call::new(noon(), Instant::now() + time, RequestId::from_bits(1))
}

/// Asks for a record until there is an answer.
pub(crate) async fn comes_back(store: &StoreHandle) {
    for _ in 0..100 {
        let asked =
            store.get(&call_within(Duration::from_secs(1)), dockgate_api::Shelf::ApiTokens, "any").await;
        if asked.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the store did not come back");
}
