//! A disk without room. A limit on the size of files is that to whoever writes one; it counts for a process, so that a child
//! plays this.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use dockgate_api::{BackendError, Health, Record, Shelf};
use dockgate_testkit::fakes::{call, noon};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::*;

const CHILD: &str = "DOCKGATE_TEST_FULL";
const SHELF: Shelf = Shelf::RefreshTokens;
const PATIENCE: Duration = Duration::from_secs(30);

fn limit(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: bytes.or(maximum), maximum }).unwrap();
}

fn record(number: usize) -> Record {
    Record::new(format!("key-{number}"), noon(), vec![7; 4000])
}

async fn put_until_it_fails(store: &Arc<dyn Store>, answered: &mut usize) -> BackendError {
    for _ in 0..100_000 {
        match store.put(&call(), SHELF, record(*answered)).await {
            Ok(()) => *answered += 1,
            Err(error) => return error,
        }
    }
    panic!("there is room for everything");
}

/// The child's part; does nothing in a test run of its own.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Some(directory) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let file = directory.join("store.redb");
    limit(Some(16 * 1024));
    let message = settings(&directory, &World::new()).open().err().unwrap().to_string();
    assert!(message.contains("there is no room"), "{message}");
    assert!(!file.exists(), "nothing half made is left");
    limit(None);
    let store = open(&directory, &World::new());
    let mut answered = 0;
    for _ in 0..2 {
        limit(Some(std::fs::metadata(&file).unwrap().len() + 256 * 1024));
        let error = put_until_it_fails(&store, &mut answered).await;
        assert!(
            matches!(&error, BackendError::Unavailable(words) if words.contains("there is no room")),
            "{error}"
        );
        // What is there can be read meanwhile.
        let found = store.get(&call(), SHELF, "key-0").await.unwrap();
        assert_eq!(found, Some(record(0)));
        // Not even what is there can be written over.
        limit(Some(8192));
        let again = store.put(&call(), SHELF, record(answered)).await.unwrap_err();
        assert!(again.to_string().contains("there is no room"), "{again}");
        assert!(
            matches!(store.health(&call()).await, Health::Down(words) if words.contains("there is no room"))
        );
        limit(None);
        let begun = Instant::now();
        while let Err(error) = store.put(&call(), SHELF, record(answered)).await {
            assert!(begun.elapsed() < PATIENCE, "it does not go on: {error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        answered += 1;
        assert_eq!(store.health(&call()).await, Health::Up);
    }
    drop(store);
    let store = open(&directory, &World::new());
    for number in 0..answered {
        assert_eq!(store.get(&call(), SHELF, &format!("key-{number}")).await.unwrap(), Some(record(number)));
    }
    assert!(answered > 20, "{answered}");
}

#[test]
fn a_full_disk_is_told_and_the_store_goes_on_when_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    // Who writes past the limit is sent a signal that ends it, unless whoever started it ignores that.
    let mut child = Command::new("sh");
    child.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(std::env::current_exe().unwrap());
    child.args(["--exact", "file::tests::full::child", "--nocapture"]).env(CHILD, directory.path());
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {said}", output.status.signal());
    assert!(directory.path().join("store.redb").exists());
}
