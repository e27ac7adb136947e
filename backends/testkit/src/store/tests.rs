//! One broken store for every rule: a suite that finds nothing proves nothing.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_memory_keeps_the_contract() {
    let report = conformance(Arc::new(MemoryStore::new())).await;
    for rule in rules::ALL {
        assert!(report.ran(&rule), "{} was not tried", rule.name);
    }
}
