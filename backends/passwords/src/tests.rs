use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_api::{BackendError, Call, HashFormats, HashInUse, Passwords, RequestId};
use dockgate_testkit::fakes::{CountingMetrics, RepeatableRandom, call, late_call, noon};
use tokio::task::JoinHandle;

use crate::formats::{Shape, StoredHash, Uncomputable};
use crate::{PasswordService, Pool, PoolOptions};

const BADMIN: &str = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
const COST_12: &str = "$2y$12$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
const ONE_TWO_THREE: &str = "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya";

/// A door in front of the hash: whoever hashes waits until it is opened. "right" is right.
#[derive(Default)]
struct Door {
    open: Mutex<bool>,
    opened: Condvar,
    inside: AtomicUsize,
    most_inside: AtomicUsize,
    hashed: AtomicUsize,
    shapes: Mutex<Vec<Shape>>,
}

impl Door {
    fn check(&self, stored: &StoredHash, password: &str) -> bool {
        self.shapes.lock().unwrap().push(stored.shape());
        self.hashed.fetch_add(1, Ordering::SeqCst);
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_inside.fetch_max(inside, Ordering::SeqCst);
        drop(self.opened.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap());
        self.inside.fetch_sub(1, Ordering::SeqCst);
        password == "right"
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn hashed(&self) -> usize {
        self.hashed.load(Ordering::SeqCst)
    }
}

struct Bench {
    door: Arc<Door>,
    metrics: CountingMetrics,
    pool: Pool,
    service: Arc<PasswordService>,
}

fn bench(slots: usize, queue: usize) -> Bench {
    let door = Arc::new(Door::default());
    let metrics = CountingMetrics::default();
    let behind = Arc::clone(&door);
    let pool = Pool::with_check(
        PoolOptions { slots, queue, memo_entries: 100 },
        &RepeatableRandom::seeded(1),
        &metrics,
        Box::new(move |stored, password| Ok(behind.check(stored, password))),
    )
    .unwrap();
    let service = Arc::new(PasswordService::new(&pool));
    Bench { door, metrics, pool, service }
}

impl Bench {
    fn ask(&self, stored: &str, password: &str) -> JoinHandle<Result<bool, BackendError>> {
        self.ask_by(call(), stored, password)
    }

    fn ask_by(&self, cx: Call, stored: &str, password: &str) -> JoinHandle<Result<bool, BackendError>> {
        let service = Arc::clone(&self.service);
        let (stored, password) = (stored.to_owned(), SecretString::from(password));
        tokio::spawn(async move { service.verify(&cx, &stored, HashFormats::Modern, &password).await })
    }

    async fn until_hashed(&self, hashes: usize) {
        until(|| self.door.hashed() == hashes).await;
    }
}

/// Gives the others a turn until something is so; a test that waits for ever is ended by its runner.
async fn until(so: impl Fn() -> bool) {
    while !so() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Gives the others so many turns that whoever can go on has gone on (one thread: no race).
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// A stored hash of its own for every number.
fn stored(number: usize) -> String {
    format!("$2y$10${number:022}{}", &BADMIN[29..])
}

fn real() -> (PasswordService, CountingMetrics) {
    let metrics = CountingMetrics::default();
    let options = PoolOptions::default();
    let pool = Pool::new(options, &RepeatableRandom::seeded(1), &metrics).unwrap();
    (PasswordService::new(&pool), metrics)
}

fn soon() -> Call {
    Call::new(noon(), Instant::now() + Duration::from_millis(50), RequestId::from_bits(1))
}

#[tokio::test]
async fn real_hashes_are_checked_and_right_ones_remembered() {
    let (service, metrics) = real();
    for (stored, password, right, hashes) in [
        (BADMIN, "badmin", true, 1),
        (BADMIN, "badmin", true, 1),
        (BADMIN, "123", false, 2),
        (BADMIN, "123", false, 3),
        (ONE_TWO_THREE, "123", true, 4),
        (ONE_TWO_THREE, "badmin", false, 5),
        (BADMIN, "", false, 5),
        (BADMIN, "badmin\0", false, 5),
        (BADMIN, &"x".repeat(73), false, 5),
    ] {
        let cx = call();
        let found = service.verify(&cx, stored, HashFormats::Modern, &SecretString::from(password)).await;
        assert_eq!(found, Ok(right), "{password}");
        assert!(cx.did_password_work());
        assert_eq!(metrics.counted("dockgate_password_hashes_total"), hashes, "{password}");
    }
    assert_eq!(metrics.counted("dockgate_password_memo_hits_total"), 1);
    assert_eq!(metrics.counted("dockgate_password_memo_misses_total"), 8);
}

#[tokio::test]
async fn a_memo_of_no_entries_remembers_nothing() {
    let metrics = CountingMetrics::default();
    let options = PoolOptions { slots: 1, queue: 1, memo_entries: 0 };
    let pool = Pool::new(options, &RepeatableRandom::seeded(1), &metrics).unwrap();
    let service = PasswordService::new(&pool);
    for _ in 0..2 {
        assert_eq!(service.verify(&call(), BADMIN, HashFormats::Modern, &"badmin".into()).await, Ok(true));
    }
    assert_eq!(metrics.counted("dockgate_password_hashes_total"), 2);
}

#[tokio::test]
async fn what_is_verified_anew_asks_no_memory_and_leaves_none() {
    let metrics = CountingMetrics::default();
    let pool = Pool::new(PoolOptions::default(), &RepeatableRandom::seeded(1), &metrics).unwrap();
    let service = PasswordService::new(&pool);
    let password = "badmin".into();
    let hashes = || metrics.counted("dockgate_password_hashes_total");
    for expected in 1..=2 {
        assert_eq!(service.verify_anew(&call(), BADMIN, HashFormats::Modern, &password).await, Ok(true));
        assert_eq!(hashes(), expected);
    }
    for _ in 0..2 {
        assert_eq!(service.verify(&call(), BADMIN, HashFormats::Modern, &password).await, Ok(true));
        assert_eq!(hashes(), 3);
    }
    assert_eq!(service.verify_anew(&call(), BADMIN, HashFormats::Modern, &password).await, Ok(true));
    assert_eq!(hashes(), 4);
}

#[tokio::test]
async fn the_memo_outlives_a_configuration() {
    let bench = bench(1, 1);
    bench.door.open();
    assert_eq!(bench.ask(BADMIN, "right").await.unwrap(), Ok(true));
    let reloaded = PasswordService::new(&bench.pool);
    assert_eq!(reloaded.verify(&call(), BADMIN, HashFormats::Modern, &"right".into()).await, Ok(true));
    assert_eq!(bench.door.hashed(), 1);
    // Another stored hash is another question, whatever was right before.
    assert_eq!(reloaded.verify(&call(), ONE_TWO_THREE, HashFormats::Modern, &"right".into()).await, Ok(true));
    assert_eq!(bench.door.hashed(), 2);
}

#[tokio::test]
async fn a_hash_that_cannot_be_read_is_an_error_that_does_not_repeat_it() {
    let (service, _) = real();
    let error =
        service.verify(&call(), "hunter2-in-plain-text", HashFormats::Modern, &"x".into()).await.unwrap_err();
    assert!(matches!(error, BackendError::Protocol(_)));
    assert!(!error.to_string().contains("hunter2"));
    assert!(!service.accept("hunter2-in-plain-text", HashFormats::Modern).unwrap_err().contains("hunter2"));
}

#[tokio::test]
async fn equal_checks_that_arrive_together_hash_once() {
    for (password, right) in [("right", true), ("wrong", false)] {
        let bench = bench(4, 4);
        let asked: Vec<_> = (0..50).map(|_| bench.ask(BADMIN, password)).collect();
        settle().await;
        bench.door.open();
        for answer in asked {
            assert_eq!(answer.await.unwrap(), Ok(right));
        }
        assert_eq!(bench.door.hashed(), 1);
        assert_eq!(bench.pool.traces(), 0);
    }
}

#[tokio::test]
async fn one_stored_hash_is_hashed_once_at_a_time() {
    let bench = bench(4, 40);
    let asked: Vec<_> = (0..8).map(|number| bench.ask(BADMIN, &format!("guess {number}"))).collect();
    settle().await;
    bench.until_hashed(1).await;
    settle().await;
    assert_eq!(bench.door.hashed(), 1);
    bench.door.open();
    for answer in asked {
        assert_eq!(answer.await.unwrap(), Ok(false));
    }
    assert_eq!((bench.door.hashed(), bench.door.most_inside.load(Ordering::SeqCst)), (8, 1));
    assert_eq!(bench.pool.traces(), 0);
}

#[tokio::test]
async fn different_hashes_fill_the_slots_and_no_more() {
    let bench = bench(2, 10);
    let asked: Vec<_> = (0..6).map(|number| bench.ask(&stored(number), "right")).collect();
    bench.until_hashed(2).await;
    settle().await;
    assert_eq!(bench.door.hashed(), 2);
    bench.door.open();
    for answer in asked {
        assert_eq!(answer.await.unwrap(), Ok(true));
    }
    assert_eq!(bench.door.most_inside.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_full_queue_is_overload_and_passes() {
    let bench = bench(1, 2);
    let waiting: Vec<_> = (0..3).map(|number| bench.ask(&stored(number), "right")).collect();
    bench.until_hashed(1).await;
    settle().await;
    let refused = bench.ask(&stored(9), "right").await.unwrap().unwrap_err();
    assert!(
        matches!(refused, BackendError::Overloaded { retry_after, .. } if retry_after == Duration::from_secs(1))
    );
    let cx = call();
    let _in_use = bench.service.accept(BADMIN, HashFormats::Modern).unwrap();
    let burnt = bench.service.burn(&cx, "nobody", &"x".into()).await;
    assert_eq!(burnt, Err(refused));
    assert_eq!(bench.metrics.counted("dockgate_password_overload_total"), 2);
    let queue =
        ["running", "waiting"].map(|what| bench.metrics.gauged(&format!("dockgate_password_hashes_{what}")));
    assert_eq!(queue, [1, 2]);
    bench.door.open();
    for answer in waiting {
        assert_eq!(answer.await.unwrap(), Ok(true));
    }
    assert_eq!(bench.metrics.gauged("dockgate_password_hashes_waiting"), 0);
    assert_eq!(bench.metrics.gauged("dockgate_password_memo_entries"), 3);
    assert_eq!(bench.ask(&stored(9), "right").await.unwrap(), Ok(true));
}

#[tokio::test]
async fn guessing_at_one_account_leaves_places_for_others() {
    let bench = bench(2, 16);
    let guesses: Vec<_> = (0..16).map(|number| bench.ask(BADMIN, &format!("guess {number}"))).collect();
    bench.until_hashed(1).await;
    settle().await;
    let other = bench.ask(&stored(1), "right");
    bench.until_hashed(2).await;
    bench.door.open();
    assert_eq!(other.await.unwrap(), Ok(true));
    let mut refused = 0;
    for guess in guesses {
        refused += usize::from(guess.await.unwrap().is_err());
    }
    assert_eq!(refused, 12, "a quarter of the queue is for one account");
}

#[tokio::test]
async fn the_same_few_guesses_sent_again_and_again_leave_room_for_others() {
    let bench = bench(1, 8);
    let places = 9 * 16;
    let guesses: Vec<_> = (0..places).map(|n| bench.ask(BADMIN, ["guess", "other"][n % 2])).collect();
    bench.until_hashed(1).await;
    settle().await;
    let other = bench.ask(&stored(1), "right");
    settle().await;
    bench.door.open();
    assert_eq!(other.await.unwrap(), Ok(true));
    let mut refused = 0;
    for guess in guesses {
        match guess.await.unwrap() {
            Err(BackendError::Overloaded { .. }) => refused += 1,
            answer => assert_eq!(answer, Ok(false)),
        }
    }
    assert_eq!(refused, places / 2);
    assert_eq!(bench.pool.traces(), 0);
}

#[tokio::test]
async fn the_deadline_counts_in_every_queue() {
    let bench = bench(1, 10);
    let first = bench.ask(&stored(0), "right");
    bench.until_hashed(1).await;
    // Behind an equal check, behind one of the same hash, behind one of another hash.
    for (number, password) in [(0, "right"), (0, "other"), (1, "right")] {
        let late = bench.ask_by(soon(), &stored(number), password).await.unwrap();
        assert!(matches!(late, Err(BackendError::Timeout(_))));
    }
    let late = bench.ask_by(late_call(), &stored(2), "right").await.unwrap();
    assert!(matches!(late, Err(BackendError::Timeout(_))));
    bench.door.open();
    assert_eq!(first.await.unwrap(), Ok(true));
    assert_eq!(bench.door.hashed(), 1, "whoever gave up was not hashed for");
    assert_eq!(bench.pool.traces(), 0);
}

#[tokio::test]
async fn a_client_that_goes_away_frees_its_place_and_a_running_hash_finishes() {
    let bench = bench(1, 1);
    let running = bench.ask(&stored(0), "right");
    bench.until_hashed(1).await;
    let queued = bench.ask(&stored(1), "right");
    settle().await;
    assert!(bench.ask(&stored(2), "right").await.unwrap().is_err());
    queued.abort();
    settle().await;
    let next = bench.ask(&stored(2), "right");
    settle().await;
    running.abort();
    settle().await;
    assert_eq!(bench.door.hashed(), 1, "the slot is taken until the hash is done");
    bench.door.open();
    assert_eq!(next.await.unwrap(), Ok(true));
    assert_eq!(bench.ask(&stored(0), "right").await.unwrap(), Ok(true));
    assert_eq!(bench.door.hashed(), 2, "what nobody waited for any more was remembered all the same");
    until(|| bench.pool.traces() == 0).await;
}

#[tokio::test]
async fn when_the_first_of_equal_checks_goes_away_the_next_takes_over() {
    let bench = bench(1, 4);
    let running = bench.ask(&stored(0), "right");
    bench.until_hashed(1).await;
    let first = bench.ask(&stored(1), "right");
    settle().await;
    let second = bench.ask(&stored(1), "right");
    settle().await;
    first.abort();
    settle().await;
    bench.door.open();
    assert_eq!(running.await.unwrap(), Ok(true));
    assert_eq!(second.await.unwrap(), Ok(true));
}

#[tokio::test]
async fn a_hash_that_panics_is_an_error_and_blocks_nobody() {
    let pool = Pool::with_check(
        PoolOptions { slots: 1, queue: 1, memo_entries: 10 },
        &RepeatableRandom::seeded(1),
        &CountingMetrics::default(),
        Box::new(|_, password| if password == "bad luck" { panic!("as asked") } else { Ok(true) }),
    )
    .unwrap();
    let service = PasswordService::new(&pool);
    let error = service.verify(&call(), BADMIN, HashFormats::Modern, &"bad luck".into()).await.unwrap_err();
    assert!(matches!(error, BackendError::Unavailable(_)));
    assert_eq!(service.verify(&call(), BADMIN, HashFormats::Modern, &"right".into()).await, Ok(true));
    assert_eq!(pool.traces(), 0);
}

#[tokio::test]
async fn an_unknown_account_costs_one_hash_of_a_kind_in_use() {
    let costs = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&costs);
    let pool = Pool::with_check(
        PoolOptions { slots: 1, queue: 1, memo_entries: 10 },
        &RepeatableRandom::seeded(1),
        &CountingMetrics::default(),
        Box::new(move |stored, password| {
            seen.lock().unwrap().push((stored.shape(), password.to_owned()));
            Ok(false)
        }),
    )
    .unwrap();
    let service = PasswordService::new(&pool);
    let cx = call();
    service.burn(&cx, "nobody", &"x".into()).await.unwrap();
    assert!(costs.lock().unwrap().is_empty() && !cx.did_password_work(), "no hash is in use");

    // Three hashes of cost 5, one of cost 12.
    let _in_use: Vec<HashInUse> = [BADMIN, BADMIN, ONE_TWO_THREE, COST_12]
        .iter()
        .map(|stored| service.accept(stored, HashFormats::Modern).unwrap())
        .collect();
    let password = SecretString::from("x");
    for round in 0..2 {
        for account in 0..400 {
            let cx = call();
            service.burn(&cx, &format!("account {account}"), &password).await.unwrap();
            assert!(cx.did_password_work(), "round {round}");
        }
    }
    let costs = costs.lock().unwrap();
    assert_eq!(costs.len(), 800);
    assert!(costs.iter().all(|(_, hashed)| hashed == password.expose_secret()));
    assert_eq!(costs[..400], costs[400..], "an account always gets the same");
    let cheap = StoredHash::parse(BADMIN, HashFormats::Modern).unwrap().shape();
    let cheap = costs[..400].iter().filter(|(shape, _)| *shape == cheap).count();
    assert!((240..360).contains(&cheap), "{cheap} of 400 got the cost of three quarters of all hashes");
}

#[tokio::test]
async fn unknown_accounts_do_not_wait_for_each_other_more_than_known_ones() {
    let bench = bench(2, 4);
    let _in_use = bench.service.accept(BADMIN, HashFormats::Modern).unwrap();
    let burn = |account: &'static str| {
        let service = Arc::clone(&bench.service);
        tokio::spawn(async move { service.burn(&call(), account, &"x".into()).await })
    };
    let both = [burn("one"), burn("two")];
    bench.until_hashed(2).await;
    bench.door.open();
    for burnt in both {
        assert_eq!(burnt.await.unwrap(), Ok(()));
    }
}

#[tokio::test]
async fn a_password_that_no_hash_takes_costs_nothing_for_known_and_unknown_alike() {
    let bench = bench(1, 1);
    let _in_use = bench.service.accept(BADMIN, HashFormats::Modern).unwrap();
    let long = SecretString::from("x".repeat(73));
    assert_eq!(bench.service.verify(&call(), BADMIN, HashFormats::Modern, &long).await, Ok(false));
    assert_eq!(bench.service.burn(&call(), "nobody", &long).await, Ok(()));
    assert_eq!(bench.door.hashed(), 0);
}

#[test]
fn an_epoch_is_short_and_changes_with_the_hash() {
    let (service, _) = real();
    let epoch = service.epoch(BADMIN);
    assert_eq!(epoch, real().0.epoch(BADMIN), "also in another process");
    assert_ne!(epoch, service.epoch(ONE_TWO_THREE));
    assert!(epoch.len() == 16 && epoch.bytes().all(|digit| digit.is_ascii_hexdigit()));
}

/// Made with `htpasswd -nbs u 123`.
const SHA_123: &str = "{SHA}QL0AFWMIX8NRZTKeof9cXsvbvu8=";

#[tokio::test]
async fn what_one_place_may_not_hold_is_not_known_from_another() {
    let (service, metrics) = real();
    let ask = |formats| {
        let service = &service;
        async move { service.verify(&call(), SHA_123, formats, &"123".into()).await }
    };
    assert_eq!(ask(HashFormats::Htpasswd).await, Ok(true));
    let elsewhere = ask(HashFormats::Modern).await.unwrap_err();
    assert!(elsewhere.to_string().contains("only in an htpasswd file"), "{elsewhere}");
    assert_eq!(ask(HashFormats::Htpasswd).await, Ok(true));
    assert_eq!(metrics.counted("dockgate_password_hashes_total"), 1);
    assert!(service.accept(SHA_123, HashFormats::Modern).unwrap_err().contains("only in an htpasswd file"));
}

#[tokio::test]
async fn a_hash_without_memory_is_an_error_and_not_a_wrong_password() {
    let pool = Pool::with_check(
        PoolOptions { slots: 1, queue: 1, memo_entries: 10 },
        &RepeatableRandom::seeded(1),
        &CountingMetrics::default(),
        Box::new(|_, _| Err(Uncomputable)),
    )
    .unwrap();
    let service = PasswordService::new(&pool);
    let failed = service.verify(&call(), BADMIN, HashFormats::Modern, &"x".into()).await;
    assert!(matches!(failed, Err(BackendError::Unavailable(_))), "{failed:?}");
    assert_eq!(pool.traces(), 0);
}

#[tokio::test]
async fn unknown_accounts_imitate_what_is_in_use_now() {
    let bench = bench(1, 1);
    bench.door.open();
    let burns = || async {
        let before = bench.door.hashed();
        for account in 0..40 {
            bench.service.burn(&call(), &format!("account {account}"), &"x".into()).await.unwrap();
        }
        std::mem::take(&mut *bench.door.shapes.lock().unwrap());
        bench.door.hashed() - before
    };
    let accept = |stored| bench.service.accept(stored, HashFormats::Htpasswd).unwrap();
    assert_eq!(burns().await, 0);
    // A list that is read again: the old entries end when the last request that saw them does.
    let old = [accept(BADMIN), accept(BADMIN), accept(SHA_123)];
    let new = accept(COST_12);
    assert_eq!(burns().await, 40);
    drop(old);
    for account in 0..40 {
        bench.service.burn(&call(), &format!("account {account}"), &"x".into()).await.unwrap();
    }
    let twelve = StoredHash::parse(COST_12, HashFormats::Modern).unwrap().shape();
    assert!(bench.door.shapes.lock().unwrap().iter().all(|shape| *shape == twelve));
    drop(new);
    assert_eq!(burns().await, 0);
}
