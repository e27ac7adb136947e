//! A process that writes until it is killed, and says what was answered.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use dockgate_api::{BackendError, Call, Store};
use dockgate_store::StoreHandle;
use dockgate_testkit::store::survival::{Answered, Child, lost, this_test, write};
use serde_json::Value;

use super::opened::{call_within, open};

/// Holds the section of the child's store.
const SECTION: &str = "DOCKGATE_TEST_STORE";
const TAG: &str = "survivor";
const WRITES: usize = 10_000;
const AT_ONCE: usize = 16;

fn call() -> Call {
    call_within(Duration::from_secs(60))
}

/// The child's part; does nothing in a test run of its own. It ends with an error where the server is killed before it.
#[tokio::test(flavor = "multi_thread")]
async fn child() -> Result<(), BackendError> {
    if let Ok(section) = env::var(SECTION) {
        let store: Arc<dyn Store> = open(&serde_json::from_str(&section).unwrap());
        write(&store, call, TAG, WRITES, AT_ONCE).await?;
    }
    Ok(())
}

/// Kills a child in the middle of its writes, after whatever else is to be killed; what it was answered until then.
pub(crate) fn interrupted(section: &Value, mut kill_too: impl FnMut()) -> Answered {
    let mut command = this_test("store::writer::child");
    command.env(SECTION, section.to_string());
    let answered = Child::start(command).listen(|child, answered| {
        if answered.answers == WRITES / 4 {
            kill_too();
            child.kill().unwrap();
        }
    });
    let number = answered.answers;
    assert!((WRITES / 4..WRITES).contains(&number) && !answered.finished, "{number}: not in the middle");
    answered
}

pub(crate) async fn nothing_is_lost(store: &Arc<StoreHandle>, answered: &Answered) {
    let store: Arc<dyn Store> = Arc::clone(store) as _;
    let lost = lost(&store, call, TAG, answered).await.unwrap();
    assert!(lost.is_empty(), "{lost:?}");
}
