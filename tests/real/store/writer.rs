//! A process that writes records until it is killed, and says which of them were answered.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use dockgate_api::{Owner, Record, Shelf, Store};
use dockgate_testkit::fakes::noon;
use dockgate_testkit::store::MemoryStore;
use serde_json::Value;

use super::opened::{call_within, open};
use crate::harness::poll;
use crate::harness::process::Process;

/// Names the directory in which the writer finds its section, and writes what was answered.
const PLACE: &str = "WRITER";
const SECTION: &str = "section.json";
const ANSWERED: &str = "answered";
const AT_ONCE: usize = 8;
const LIMIT: std::time::Duration = std::time::Duration::from_secs(60);

pub(crate) const WRITES: usize = 10_000;

/// A writer at work.
pub(crate) struct Writer {
    pub(crate) process: Process,
    dir: PathBuf,
}

impl Writer {
    /// This program once more, with one test: the one below.
    pub(crate) fn start(dir: &Path, section: &Value) -> Self {
        fs::write(dir.join(SECTION), section.to_string()).unwrap();
        let mut command = Command::new("env");
        command.arg(format!("{PLACE}={}", dir.display())).arg(std::env::current_exe().unwrap());
        command.args(["store::writer::a_writer_says_what_was_answered", "--exact", "--nocapture"]);
        Self { process: Process::start(&mut command, dir, "writer"), dir: dir.to_owned() }
    }

    /// Waits until so many writes were answered.
    pub(crate) fn has_written(&mut self, number: usize) {
        let written = poll(LIMIT, || (self.answered().len() >= number).then_some(()));
        assert!(written.is_some(), "{} were written:\n{}", self.answered().len(), self.process.log());
        assert!(self.process.is_running(), "it has ended:\n{}", self.process.log());
    }

    /// The keys of the records that the store said it has.
    pub(crate) fn answered(&self) -> Vec<String> {
        let text = fs::read_to_string(self.dir.join(ANSWERED)).unwrap_or_default();
        // The last line may be half written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(str::to_owned).collect()
    }
}

fn record(key: &str) -> Record {
    let owner = Owner::new("corp", key, "alice");
    Record::new(key, noon(), format!("value of {key}").into_bytes()).owned_by(owner)
}

/// Each of them is there, as it was written.
pub(crate) async fn all_are_there(store: &dyn Store, keys: &[String]) {
    for key in keys {
        let found = store.get(&call_within(LIMIT), Shelf::RefreshTokens, key).await.unwrap();
        assert_eq!(found, Some(record(key)), "{key} was answered and is lost");
    }
}

async fn write(store: Arc<dyn Store>, number: usize, answered: &Path) {
    let mut tasks = tokio::task::JoinSet::new();
    for first in 0..AT_ONCE {
        let store = store.clone();
        let mut file = File::options().create(true).append(true).open(answered).unwrap();
        tasks.spawn(async move {
            for place in (first..number).step_by(AT_ONCE) {
                let key = format!("key-{place}");
                // A server that is killed answers nothing: the writer says no more.
                if store.put(&call_within(LIMIT), Shelf::RefreshTokens, record(&key)).await.is_err() {
                    return;
                }
                file.write_all(format!("{key}\n").as_bytes()).unwrap();
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
}

/// By itself it writes into memory; as a child of another test into that test's store.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_says_what_was_answered() {
    if let Some(dir) = std::env::var_os(PLACE).map(PathBuf::from) {
        let section = fs::read_to_string(dir.join(SECTION)).unwrap();
        let store = open(&serde_json::from_str(&section).unwrap());
        return write(store, WRITES, &dir.join(ANSWERED)).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(MemoryStore::new());
    write(store.clone(), 100, &dir.path().join(ANSWERED)).await;
    let said = fs::read_to_string(dir.path().join(ANSWERED)).unwrap();
    let mut said: Vec<&str> = said.lines().collect();
    said.sort_unstable();
    let there = store.records(Shelf::RefreshTokens);
    assert_eq!(there.iter().map(|record| record.key.as_str()).collect::<Vec<_>>(), said);
    assert_eq!(said.len(), 100);
}
