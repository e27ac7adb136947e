use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::{Call, Credential, Login, RequestId};
use dockgate_testkit::fakes::{self, TurnableClock, World};

use super::*;

mod sharing;

/// Lock-out in a world whose clock is turned.
struct Site {
    world: World,
    guard: Guard,
}

impl Site {
    fn new() -> Self {
        Self::with(Settings {
            account: Slowing { delay: Duration::ZERO, ..Settings::default().account },
            ..Settings::default()
        })
    }

    fn with(settings: Settings) -> Self {
        let world = World::new();
        let book = Book::new(world.random.as_ref(), world.metrics.as_ref()).unwrap();
        let guard = Guard::new(Arc::new(book), settings, world.clock.clone(), None);
        Self { world, guard }
    }

    /// The same after a reload.
    fn reloaded(&mut self, settings: Settings) {
        self.guard = Guard::new(Arc::clone(&self.guard.book), settings, self.world.clock.clone(), None);
    }

    fn clock(&self) -> &TurnableClock {
        &self.world.clock
    }

    fn call(&self) -> Call {
        let now = dockgate_api::Clock::now(self.clock());
        Call::new(now, Instant::now() + Duration::from_secs(30), RequestId::from_bits(1))
    }

    /// One login; how it was stopped, if it was.
    async fn login(&self, login: &Login, outcome: Comes) -> Result<(), Stopped> {
        let cx = self.call();
        let attempt = self.guard.enter(&cx, Claim::of(login, Standing::Own).unwrap()).await?;
        match outcome {
            Comes::Right => attempt.right().await,
            Comes::Wrong => attempt.wrong(true).await,
            Comes::Unanswered => attempt.unanswered(),
        }
        Ok(())
    }

    /// So many logins with as many wrong passwords, none of which is stopped.
    async fn fail(&self, account: &str, from: &str, times: u32) {
        for _ in 0..times {
            let password = format!("wrong {:?}", Instant::now());
            self.login(&login(account, &password, from), Comes::Wrong).await.unwrap();
        }
    }

    async fn is_let_on(&self, account: &str, from: &str) -> Result<(), Stopped> {
        self.login(&login(account, "right", from), Comes::Right).await
    }
}

#[derive(Clone, Copy)]
enum Comes {
    Right,
    Wrong,
    Unanswered,
}

fn login(account: &str, password: &str, from: &str) -> Login {
    Login::new(account, Credential::password(password)).from_ip(from.parse().ok())
}

fn banned(seconds: u64, whole_place: bool) -> Result<(), Stopped> {
    Err(Stopped::Banned { left: Duration::from_secs(seconds), whole_place })
}

const SECOND: Duration = Duration::from_secs(1);
const HERE: &str = "192.0.2.1";
const THERE: &str = "192.0.2.2";

#[tokio::test]
async fn five_failures_in_two_minutes_are_five_minutes() {
    let site = Site::new();
    site.fail("alice", HERE, 4).await;
    assert_eq!(site.guard.bans().await, []);
    site.fail("alice", HERE, 1).await;
    assert_eq!(site.is_let_on("alice", HERE).await, banned(300, false));
    assert_eq!(site.is_let_on("ALICE ", HERE).await, banned(300, false), "another spelling");
    assert_eq!(site.is_let_on("alice", THERE).await, Ok(()), "another address");
    assert_eq!(site.is_let_on("bob", HERE).await, Ok(()), "another account");
    site.clock().turn(SECOND * 299);
    assert_eq!(site.is_let_on("alice", HERE).await, banned(1, false));
    site.clock().turn(SECOND);
    assert_eq!(site.is_let_on("alice", HERE).await, Ok(()));
}

#[tokio::test]
async fn failures_further_apart_are_no_ban() {
    let site = Site::new();
    site.fail("alice", HERE, 4).await;
    site.clock().turn(SECOND * 120);
    site.fail("alice", HERE, 4).await;
    assert_eq!(site.is_let_on("alice", HERE).await, Ok(()));
}

#[tokio::test]
async fn a_ban_leads_to_no_other_and_the_next_takes_as_many() {
    let mut site = Site::new();
    let pair = Limit { ban: SECOND * 10, ..Settings::default().pair };
    site.reloaded(Settings { pair, ..Settings::default() });
    site.fail("alice", HERE, 5).await;
    site.clock().turn(SECOND * 10);
    site.fail("alice", HERE, 4).await;
    assert_eq!(site.is_let_on("alice", HERE).await, Ok(()));
}

#[tokio::test]
async fn success_clears_its_own_pair_and_nothing_else() {
    let site = Site::new();
    site.fail("alice", HERE, 4).await;
    site.fail("bob", HERE, 4).await;
    site.fail("alice", THERE, 4).await;
    assert_eq!(site.is_let_on("alice", HERE).await, Ok(()));
    site.fail("alice", HERE, 4).await;
    site.fail("bob", HERE, 1).await;
    site.fail("alice", THERE, 1).await;
    assert_eq!(site.is_let_on("alice", HERE).await, Ok(()));
    assert_eq!(site.is_let_on("bob", HERE).await, banned(300, false));
    assert_eq!(site.is_let_on("alice", THERE).await, banned(300, false));
    let account = site.guard.book.name(Some("alice"), None);
    let now = dockgate_api::Clock::now(site.clock());
    assert_eq!(site.guard.book.accounts.count(account, now), 13, "the account's own count is not cleared");
}

#[tokio::test]
async fn an_address_that_fails_with_fifty_accounts_is_refused_as_a_whole() {
    let site = Site::new();
    for number in 0..50 {
        assert_eq!(site.is_let_on("alice", HERE).await, Ok(()), "{number}");
        site.fail(&format!("somebody{number}"), HERE, 1).await;
    }
    assert_eq!(site.is_let_on("alice", HERE).await, banned(300, true));
    assert_eq!(site.is_let_on("alice", THERE).await, Ok(()));
    let bans = site.guard.bans().await;
    assert_eq!(bans.len(), 1);
    assert_eq!((bans[0].kind(), bans[0].failures), ("address", 50));
}

#[tokio::test]
async fn ipv6_counts_by_sixty_four() {
    let site = Site::new();
    for number in 1..=5 {
        site.fail("alice", &format!("2001:db8:1:2::{number}"), 1).await;
    }
    assert_eq!(site.is_let_on("alice", "2001:db8:1:2:ffff::1").await, banned(300, false));
    assert_eq!(site.is_let_on("alice", "2001:db8:1:3::1").await, Ok(()));
}

#[tokio::test]
async fn addresses_that_may_be_a_proxys_are_not_banned_as_a_whole_and_no_address_never() {
    let site = Site::new();
    for number in 0..200 {
        let login = login(&format!("somebody{number}"), "wrong", HERE);
        let cx = site.call();
        let claim = Claim::of(&login, Standing::Shared).unwrap();
        site.guard.enter(&cx, claim).await.unwrap_or_else(|_| panic!("stopped")).wrong(true).await;
    }
    site.fail("alice", "nowhere", 20).await;
    assert_eq!(site.is_let_on("alice", "nowhere").await, Ok(()));
    assert_eq!(site.guard.bans().await, []);
}

#[tokio::test]
async fn networks_that_are_allowed_are_never_banned_and_freed_by_a_reload() {
    let mut site = Site::new();
    site.fail("alice", HERE, 5).await;
    let allow = vec![dockgate_rules::Network::parse("192.0.2.0/31").unwrap()];
    site.reloaded(Settings { allow, ..Settings::default() });
    assert_eq!(site.is_let_on("alice", HERE).await, Ok(()));
    site.reloaded(Settings::default());
    assert_eq!(site.is_let_on("alice", HERE).await, banned(300, false), "the ban outlives reloads");
}

#[tokio::test]
async fn a_reload_with_other_thresholds_counts_at_once_and_forgets_nothing() {
    let mut site = Site::new();
    site.fail("alice", HERE, 2).await;
    let pair = Limit { failures: 3, ban: SECOND * 7, ..Settings::default().pair };
    site.reloaded(Settings { pair, ..Settings::default() });
    site.fail("alice", HERE, 1).await;
    assert_eq!(site.is_let_on("alice", HERE).await, banned(7, false));
}

#[tokio::test]
async fn the_same_wrong_password_counts_once_and_is_asked_about_once() {
    let site = Site::new();
    let same = login("alice", "wrong", HERE);
    assert_eq!(site.login(&same, Comes::Wrong).await, Ok(()));
    for _ in 0..20 {
        assert_eq!(site.login(&same, Comes::Wrong).await, Err(Stopped::Repeated));
    }
    site.fail("alice", HERE, 3).await;
    assert_eq!(site.is_let_on("alice", HERE).await, Ok(()), "four failures");
    site.clock().turn(SECOND * 10);
    assert_eq!(site.login(&same, Comes::Right).await, Ok(()), "it was made right meanwhile");
}

#[tokio::test]
async fn what_was_wrong_for_one_is_asked_for_another() {
    let mut site = Site::new();
    site.login(&login("alice", "wrong", HERE), Comes::Wrong).await.unwrap();
    for other in [
        login("alice", "wrong", THERE),
        login("alicE", "wrong", HERE),
        login("alice", "wrong ", HERE),
        login("alice", "wrong", HERE).for_service("other"),
    ] {
        assert_eq!(site.login(&other, Comes::Unanswered).await, Ok(()), "{other:?}");
    }
    site.reloaded(Settings::default());
    assert_eq!(site.login(&login("alice", "wrong", HERE), Comes::Right).await, Ok(()), "the users changed");
}

#[tokio::test]
async fn a_backend_that_does_not_answer_counts_against_nobody() {
    let site = Site::new();
    for number in 0..100 {
        let login = login("alice", &format!("{number}"), HERE);
        assert_eq!(site.login(&login, Comes::Unanswered).await, Ok(()));
    }
    assert_eq!(site.is_let_on("alice", HERE).await, Ok(()));
}

#[tokio::test]
async fn who_goes_away_before_the_answer_has_guessed_once() {
    let site = Site::new();
    for number in 0..5 {
        let password = format!("guess {number}");
        for _ in 0..3 {
            let login = login("alice", &password, HERE);
            let cx = site.call();
            drop(site.guard.enter(&cx, Claim::of(&login, Standing::Own).unwrap()).await);
        }
    }
    assert_eq!(site.is_let_on("alice", HERE).await, banned(300, false));
    let late = Site::new();
    for number in 0..5 {
        let login = login("alice", &format!("guess {number}"), HERE);
        let cx = Call::new(
            dockgate_api::Clock::now(late.clock()),
            Instant::now() + SECOND / 100,
            RequestId::from_bits(1),
        );
        let attempt = late.guard.enter(&cx, Claim::of(&login, Standing::Own).unwrap()).await;
        tokio::time::sleep(SECOND / 50).await;
        drop(attempt);
    }
    assert_eq!(late.is_let_on("alice", HERE).await, Ok(()), "the backend was too slow, not the client");
}

#[tokio::test]
async fn a_password_that_was_right_is_not_a_guess_when_it_is_given_up() {
    let site = Site::new();
    site.is_let_on("alice", HERE).await.unwrap();
    for _ in 0..10 {
        let login = login("alice", "right", HERE);
        let cx = site.call();
        drop(site.guard.enter(&cx, Claim::of(&login, Standing::Own).unwrap()).await);
    }
    site.fail("alice", HERE, 4).await;
    assert_eq!(site.is_let_on("alice", HERE).await, Ok(()));
}

#[tokio::test]
async fn an_account_is_slowed_wherever_from_but_not_where_the_password_was_right() {
    let delay = Duration::from_millis(800);
    let site = Site::with(Settings {
        account: Slowing { delay, ..Settings::default().account },
        ..Settings::default()
    });
    site.login(&login("alice", "right", HERE), Comes::Right).await.unwrap();
    let account = site.guard.book.name(Some("alice"), None);
    let failed = |times| {
        let now = dockgate_api::Clock::now(site.clock());
        site.guard.book.accounts.set(account, now, Duration::from_secs(600), times);
    };
    let waits = async |account: &str, from: &str, password: &str| {
        let began = Instant::now();
        site.login(&login(account, password, from), Comes::Unanswered).await.unwrap();
        began.elapsed()
    };
    failed(9);
    waits("alice", THERE, "perhaps").await;
    let slowed = || site.guard.book.meter.slowed.get();
    assert_eq!(slowed(), 0);
    failed(10);
    assert!(waits("ALICE", THERE, "perhaps").await >= delay / 8);
    assert_eq!(slowed(), 1);
    failed(1000);
    assert!(waits("alice", THERE, "perhaps").await >= delay);
    assert_eq!(slowed(), 2);
    waits("alice", HERE, "right").await;
    waits("alice", THERE, "right").await;
    waits("bob", HERE, "perhaps").await;
    assert_eq!(slowed(), 2, "it is the password that is known, and the account that is slowed");
}

#[tokio::test]
async fn only_so_many_of_one_address_wait_at_a_time() {
    let delay = Duration::from_millis(800);
    let site = Arc::new(Site::with(Settings {
        account: Slowing { delay, ..Settings::default().account },
        ..Settings::default()
    }));
    let account = site.guard.book.name(Some("alice"), None);
    site.guard.book.accounts.set(account, fakes::noon(), Duration::from_secs(600), 1000);
    let tasks: Vec<_> = (0..40)
        .map(|number| {
            let site = Arc::clone(&site);
            tokio::spawn(async move {
                site.login(&login("alice", &format!("{number}"), HERE), Comes::Unanswered).await
            })
        })
        .collect();
    let mut busy = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => {}
            Err(Stopped::Busy { retry_after }) => {
                assert_eq!(retry_after, SECOND);
                busy += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(busy, 24);
}

/// A thousand guesses at once are no thousand guesses: those that wait find the ban.
#[tokio::test]
async fn guesses_at_once_are_stopped_by_the_ban_that_the_first_ones_brought() {
    let site = Arc::new(Site::new());
    let tasks: Vec<_> = (0..1000)
        .map(|number| {
            let site = Arc::clone(&site);
            tokio::spawn(async move {
                let login = login("alice", &format!("{number}"), HERE);
                let cx = site.call();
                let attempt = site.guard.enter(&cx, Claim::of(&login, Standing::Own).unwrap()).await?;
                tokio::task::yield_now().await;
                attempt.wrong(true).await;
                Ok::<(), Stopped>(())
            })
        })
        .collect();
    let mut asked = 0;
    for task in tasks {
        asked += u32::from(task.await.unwrap().is_ok());
    }
    assert!((5..10).contains(&asked), "{asked}");
}

#[tokio::test]
async fn lifting_ends_what_is_meant_and_counts_from_zero() {
    let site = Site::new();
    for (account, from) in [("alice", HERE), ("alice", THERE), ("bob", HERE)] {
        site.fail(account, from, 5).await;
    }
    let lifted = site.guard.lift(&Lift::Account("Alice".to_owned())).await;
    assert_eq!((lifted.bans.len(), lifted.everywhere), (2, true));
    site.fail("alice", HERE, 4).await;
    assert_eq!(site.is_let_on("alice", HERE).await, Ok(()));
    assert_eq!(site.is_let_on("bob", HERE).await, banned(300, false));
    let other = dockgate_rules::Network::parse("192.0.2.2").unwrap();
    assert_eq!(site.guard.lift(&Lift::Network(other)).await.bans, []);
    let here = dockgate_rules::Network::parse("192.0.2.0/24").unwrap();
    assert_eq!(site.guard.lift(&Lift::Network(here)).await.bans.len(), 1);
    site.fail("alice", HERE, 5).await;
    assert_eq!(site.guard.lift(&Lift::All).await.bans.len(), 1);
    assert_eq!(site.guard.bans().await, []);
}

#[tokio::test]
async fn what_cannot_be_guessed_is_no_claim() {
    for login in [
        Login::new("", Credential::None),
        Login::new("alice", Credential::None),
        Login::new("alice", Credential::password("")),
        Login::new("", Credential::password("secret")),
    ] {
        assert!(Claim::of(&login, Standing::Own).is_none(), "{login:?}");
    }
}
