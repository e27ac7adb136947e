//! Several servers with one store.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use dockgate_api::{BackendError, Cursor, Filter, Health, Page, Record, Shelf, Store, async_trait};
use dockgate_testkit::store::MemoryStore;

use super::*;

/// A store whose door can be closed.
#[derive(Default)]
struct Door {
    store: MemoryStore,
    closed: AtomicBool,
    hangs: AtomicBool,
    /// What it lists comes late.
    is_late: AtomicBool,
    released: tokio::sync::Notify,
}

impl Door {
    async fn enter(&self) -> Result<(), BackendError> {
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.closed.load(Ordering::Relaxed) {
            return Err(BackendError::Unavailable("closed".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl Store for Door {
    async fn put(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<(), BackendError> {
        self.enter().await?;
        self.store.put(cx, shelf, record).await
    }

    async fn replace(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<bool, BackendError> {
        self.enter().await?;
        self.store.replace(cx, shelf, record).await
    }

    async fn get(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        self.enter().await?;
        self.store.get(cx, shelf, key).await
    }

    async fn take(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        self.enter().await?;
        self.store.take(cx, shelf, key).await
    }

    async fn list(
        &self,
        cx: &Call,
        shelf: Shelf,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, BackendError> {
        self.enter().await?;
        let page = self.store.list(cx, shelf, filter, after, limit).await;
        if self.is_late.load(Ordering::Relaxed) {
            self.released.notified().await;
        }
        page
    }

    async fn add(
        &self,
        cx: &Call,
        shelf: Shelf,
        key: &str,
        amount: u64,
        expires_at: SystemTime,
    ) -> Result<u64, BackendError> {
        self.enter().await?;
        self.store.add(cx, shelf, key, amount, expires_at).await
    }

    async fn reset(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<(), BackendError> {
        self.enter().await?;
        self.store.reset(cx, shelf, key).await
    }

    async fn health(&self, cx: &Call) -> Health {
        self.store.health(cx).await
    }
}

/// Two servers with one store and one clock.
fn two() -> (Site, Site, Arc<Door>) {
    let door = Arc::new(Door::default());
    let (first, mut second) = (Site::new(), Site::new());
    second.world.clock = Arc::clone(&first.world.clock);
    let with = |site: Site| {
        let (book, settings) = (Arc::clone(&site.guard.book), (*site.guard.settings).clone());
        let guard = Guard::new(book, settings, site.world.clock.clone(), Some(Arc::clone(&door) as _));
        Site { guard, world: site.world }
    };
    (with(first), with(second), door)
}

#[tokio::test]
async fn failures_on_two_servers_count_together_and_the_ban_holds_on_both() {
    let (first, second, door) = two();
    first.fail("alice", HERE, 2).await;
    second.fail("alice", HERE, 2).await;
    assert_eq!(first.is_let_on("bob", HERE).await, Ok(()));
    first.fail("alice", HERE, 1).await;
    assert_eq!(first.is_let_on("alice", HERE).await, banned(300, false));
    assert_eq!(door.store.records(Shelf::Lockouts).len(), 1);
    second.guard.review().await;
    assert_eq!(second.is_let_on("alice", HERE).await, banned(300, false));
    first.clock().turn(SECOND * 300);
    first.guard.review().await;
    second.guard.review().await;
    assert_eq!(second.guard.bans().await, []);
    assert_eq!(first.is_let_on("alice", HERE).await, Ok(()));
}

#[tokio::test]
async fn success_is_success_for_all() {
    let (first, second, _) = two();
    first.fail("alice", HERE, 2).await;
    second.fail("alice", HERE, 2).await;
    assert_eq!(first.is_let_on("alice", HERE).await, Ok(()));
    second.fail("alice", HERE, 2).await;
    assert_eq!(second.is_let_on("alice", HERE).await, Ok(()));
}

#[tokio::test]
async fn a_ban_that_is_lifted_on_one_server_ends_on_the_other() {
    let (first, second, door) = two();
    first.fail("alice", HERE, 5).await;
    // The other one has not even looked yet.
    let lifted = second.guard.lift(&Lift::Account("alice".to_owned())).await;
    assert_eq!((lifted.bans.len(), lifted.everywhere), (1, true));
    assert_eq!(door.store.records(Shelf::Lockouts), []);
    first.guard.review().await;
    assert_eq!(first.is_let_on("alice", HERE).await, Ok(()));
}

/// The server looked at the store just before, and hears of it just after.
#[tokio::test]
async fn a_ban_that_is_lifted_does_not_come_back() {
    let (first, _, door) = two();
    first.fail("alice", HERE, 5).await;
    door.is_late.store(true, Ordering::Relaxed);
    let lift = async {
        door.is_late.store(false, Ordering::Relaxed);
        let lifted = first.guard.lift(&Lift::Account("alice".to_owned())).await;
        assert_eq!((lifted.bans.len(), lifted.everywhere), (1, true));
        door.released.notify_one();
    };
    tokio::join!(first.guard.review(), lift);
    assert_eq!(first.is_let_on("alice", HERE).await, Ok(()));
}

#[tokio::test]
async fn a_ban_outlives_a_restart() {
    let (first, _, door) = two();
    first.fail("alice", HERE, 5).await;
    let again = Site::new();
    let guard = Guard::new(
        Arc::clone(&again.guard.book),
        Settings::default(),
        first.world.clock.clone(),
        Some(door as _),
    );
    guard.review().await;
    let again = Site { guard, world: first.world };
    assert_eq!(again.is_let_on("alice", HERE).await, banned(300, false));
}

#[tokio::test]
async fn without_the_store_each_server_goes_on_alone_and_shares_later() {
    let (first, second, door) = two();
    door.closed.store(true, Ordering::Relaxed);
    first.fail("alice", HERE, 5).await;
    assert_eq!(first.is_let_on("alice", HERE).await, banned(300, false));
    second.guard.review().await;
    assert_eq!(second.is_let_on("alice", HERE).await, Ok(()));
    let lifted = second.guard.lift(&Lift::All).await;
    assert!(!lifted.everywhere, "the store could not be asked");
    door.closed.store(false, Ordering::Relaxed);
    first.guard.review().await;
    assert_eq!(
        first.is_let_on("alice", HERE).await,
        banned(300, false),
        "not lifted by a store that never had it"
    );
    assert_eq!(door.store.records(Shelf::Lockouts), [], "it is left alone for a while");
    first.clock().turn(SECOND * 6);
    first.guard.review().await;
    second.guard.review().await;
    assert_eq!(second.is_let_on("alice", HERE).await, banned(294, false));
}

#[tokio::test]
async fn a_store_that_hangs_is_waited_for_once_and_then_left_alone() {
    let (first, _, door) = two();
    door.hangs.store(true, Ordering::Relaxed);
    let began = Instant::now();
    first.fail("alice", HERE, 5).await;
    assert!(began.elapsed() < SECOND * 2, "{:?}", began.elapsed());
    assert_eq!(first.is_let_on("alice", HERE).await, banned(300, false));
}

/// The client goes away while the store is asked: the failure counts all the same.
#[tokio::test]
async fn who_goes_away_while_the_store_is_asked_has_failed() {
    let (first, _, door) = two();
    door.hangs.store(true, Ordering::Relaxed);
    for number in 0..5 {
        let login = login("alice", &format!("{number}"), HERE);
        let cx = first.call();
        let attempt = first.guard.enter(&cx, Claim::of(&login, Standing::Own).unwrap()).await.unwrap();
        assert!(tokio::time::timeout(SECOND / 100, attempt.wrong(true)).await.is_err());
    }
    assert_eq!(first.is_let_on("alice", HERE).await, banned(300, false));
}

#[tokio::test]
async fn what_is_damaged_in_the_store_is_no_ban() {
    let (first, _, door) = two();
    let now = dockgate_api::Clock::now(first.clock());
    for (key, value) in
        [("a", "{"), ("b", "{\"address\":\"everywhere\",\"since\":0,\"until\":1,\"failures\":1}")]
    {
        let record = Record::new(key, now, value.as_bytes().to_vec());
        door.put(&first.call(), Shelf::Lockouts, record).await.unwrap();
    }
    first.guard.review().await;
    assert_eq!(first.guard.bans().await, []);
    assert_eq!(first.is_let_on("alice", HERE).await, Ok(()));
}
