//! What is over goes; what comes too late, or too much at once, is told.

use std::time::{Duration, Instant, SystemTime};

use dockgate_api::{BackendError, Filter, Health, Owner, Record, Shelf};
use dockgate_testkit::fakes::{call, call_at, noon};
use redb::{ReadableDatabase as _, ReadableTableMetadata as _};

use super::*;
use crate::file::tables::{ACCOUNTS, RECORDS, SUBJECTS};

const SHELF: Shelf = Shelf::RefreshTokens;
const HOUR: Duration = Duration::from_secs(3600);

fn rows(directory: &Path) -> (u64, u64, u64) {
    let database = redb::Database::open(directory.join("store.redb")).unwrap();
    let reading = database.begin_read().unwrap();
    let records = reading.open_table(RECORDS).unwrap().len().unwrap();
    let subjects = reading.open_table(SUBJECTS).unwrap().len().unwrap();
    (records, subjects, reading.open_table(ACCOUNTS).unwrap().len().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_removed_with_all_that_leads_to_it() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new();
    let store = open(directory.path(), &world);
    let owner = Owner::new("link", "subject", "account");
    let mut puts = Vec::new();
    for number in 0..1500_u32 {
        let record = Record::new(format!("key-{number}"), noon(), vec![1]).owned_by(owner.clone());
        let record = if number % 3 == 0 { record } else { record.with_expires_at(noon() + HOUR) };
        let store = Arc::clone(&store);
        puts.push(tokio::spawn(async move { store.put(&call(), SHELF, record).await }));
        if puts.len() == 500 {
            for put in puts.drain(..) {
                put.await.unwrap().unwrap();
            }
        }
    }
    drop(store);
    assert_eq!(rows(directory.path()), (1500, 1500, 1500));
    world.clock.turn(2 * HOUR);
    // It sweeps as it opens, and until nothing is left.
    let store = open(directory.path(), &world);
    let cx = call_at(noon() + 2 * HOUR);
    let mut after = None;
    let mut listed = 0;
    loop {
        let page = store.list(&cx, SHELF, &Filter::owned_by(&owner), after.as_ref(), 100).await.unwrap();
        listed += page.records.len();
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!(listed, 500);
    for _ in 0..3 {
        // Each change is followed by a sweep of some hundred.
        store.reset(&cx, SHELF, "nothing").await.unwrap();
    }
    drop(store);
    assert_eq!(rows(directory.path()), (500, 500, 500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_got_another_end_is_not_swept_by_its_old_one() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new();
    let store = open(directory.path(), &world);
    let record = Record::new("key", noon(), vec![1]).with_expires_at(noon() + HOUR);
    store.put(&call(), SHELF, record.clone()).await.unwrap();
    let record = record.with_expires_at(noon() + 5 * HOUR);
    store.replace(&call(), SHELF, record.clone()).await.unwrap();
    world.clock.turn(2 * HOUR);
    for _ in 0..3 {
        store.reset(&world.call(), SHELF, "nothing").await.unwrap();
    }
    assert_eq!(store.get(&world.call(), SHELF, "key").await.unwrap(), Some(record));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_has_an_end_and_a_deadline_counts_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), &World::new());
    let mut puts = Vec::new();
    for number in 0..20_000_u32 {
        let store = Arc::clone(&store);
        let record = Record::new(format!("key-{number}"), SystemTime::UNIX_EPOCH, vec![1; 100]);
        puts.push(tokio::spawn(async move { (number, store.put(&call(), SHELF, record).await) }));
    }
    let mut overloaded = 0;
    for put in puts {
        let (number, answer) = put.await.unwrap();
        let found = store.get(&call(), SHELF, &format!("key-{number}")).await.unwrap();
        match answer {
            Ok(()) => assert!(found.is_some()),
            Err(BackendError::Overloaded { .. }) => {
                assert!(found.is_none());
                overloaded += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(overloaded > 0, "20,000 at once fit into the queue");
    let late = dockgate_api::Call::new(noon(), Instant::now(), dockgate_api::RequestId::from_bits(1));
    let answer = store.put(&late, SHELF, Record::new("late", noon(), vec![])).await;
    assert!(matches!(answer, Err(BackendError::Timeout(_))), "{answer:?}");
    assert_eq!(store.health(&call()).await, Health::Up);
    let huge = Record::new("huge", noon(), vec![0; 2 * 1024 * 1024]);
    let answer = store.put(&call(), SHELF, huge).await;
    assert!(matches!(answer, Err(BackendError::Protocol(_))), "{answer:?}");
}
