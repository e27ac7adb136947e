//! What was answered outlives the process that wrote it.

use std::path::PathBuf;

use dockgate_testkit::fakes::call;
use dockgate_testkit::store::survival::{Child, lost, this_test, write};

use super::*;

const WRITES: usize = 10_000;
const DIRECTORY: &str = "DOCKGATE_TEST_SURVIVAL";
const TAG: &str = "DOCKGATE_TEST_SURVIVAL_TAG";

/// The child's part; does nothing in a test run of its own.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    if let Some(directory) = std::env::var_os(DIRECTORY).map(PathBuf::from) {
        let store = open(&directory, &World::new());
        let tag = std::env::var(TAG).unwrap();
        write(&store, call, &tag, WRITES, 64).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_outlives_sigkill_in_the_middle_of_ten_thousand_writes() {
    let directory = tempfile::tempdir().unwrap();
    let bits = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), TAG);
    let moment = usize::try_from(bits % WRITES as u64).unwrap();
    let mut before = Vec::new();
    for part in 0..3 {
        let tag = format!("part-{part}");
        let kill_at = 1 + (moment + part * WRITES / 3) % (WRITES - 100);
        let mut command = this_test("file::tests::survival::child");
        command.env(DIRECTORY, directory.path()).env(TAG, &tag);
        let answered = Child::start(command).kill_after(kill_at);
        assert!(answered.answers >= kill_at && !answered.finished, "{} answers", answered.answers);
        before.push((tag, answered));
        let store = open(directory.path(), &World::new());
        for (tag, answered) in &before {
            let lost = lost(&store, call, tag, answered).await.unwrap();
            assert!(lost.is_empty(), "{tag}, killed after {kill_at}: {lost:?}");
        }
    }
}

#[test]
fn another_process_that_has_it_open_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = this_test("file::tests::survival::child");
    command.env(DIRECTORY, directory.path()).env(TAG, "holder");
    let mut refused = None;
    Child::start(command).listen(|child, _| {
        if refused.is_none() {
            let error = settings(directory.path(), &World::new()).open().err();
            refused = Some((child.id(), error.unwrap().to_string()));
            child.kill().unwrap();
        }
    });
    let (holder, message) = refused.unwrap();
    assert!(message.contains(&format!("({holder}) has it open; give each server a directory")), "{message}");
    // Whatever held it is gone, and with it what it held.
    drop(open(directory.path(), &World::new()));
}
