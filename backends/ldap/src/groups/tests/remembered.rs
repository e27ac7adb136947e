//! Groups that were asked for lately.

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::{BackendError, Call, Clock as _, async_trait};
use dockgate_testkit::directory::RunningDirectory;
use dockgate_testkit::fakes::{World, late_call};
use tokio::sync::Semaphore;

use super::super::{Cache, Group, Groups, Nesting};
use super::fixture::{ALICE, Line, RECURSIVE, by_member_of, by_search, directory, group};
use crate::directory::Searcher;
use crate::entry::Entry;
use crate::wire::{Found, Search};

const BY_DN: &str = "(member=${dn})";
const TTL: Duration = Duration::from_secs(30);

fn remembering(groups: Groups, world: &World) -> Groups {
    Groups { cache: Some(Cache::new(TTL, world.clock.clone())), ..groups }
}

async fn one_group() -> (RunningDirectory, Line, Entry) {
    let directory = directory(&[("first", &[ALICE])]).computed_member_of().start().await;
    let line = Line::to(&directory).await;
    let user = line.entry(ALICE, &["memberOf".to_owned()]).await;
    directory.forget();
    (directory, line, user)
}

#[tokio::test]
async fn they_are_remembered_for_as_long_as_is_said() {
    let (directory, line, user) = one_group().await;
    let world = World::new();
    let groups = remembering(by_search(BY_DN, Nesting::None), &world);
    let ask = async || groups.of(&world.call(), &line, &user, "alice", Some("1")).await.unwrap().len();
    assert_eq!((ask().await, ask().await, directory.searches().len()), (1, 1, 1));
    directory.remove(&group("first"));
    world.clock.turn(TTL.saturating_sub(Duration::from_nanos(1)));
    assert_eq!(
        (ask().await, directory.searches().len()),
        (1, 1),
        "a group that is taken away counts until then"
    );
    world.clock.turn(Duration::from_nanos(1));
    assert_eq!((ask().await, ask().await, directory.searches().len()), (0, 0, 2));
    world.clock.set(world.clock.now() - Duration::from_secs(1));
    assert_eq!((ask().await, directory.searches().len()), (0, 3), "what was asked in the future");
}

#[tokio::test]
async fn they_are_one_users_alone() {
    let (directory, line, user) = one_group().await;
    let world = World::new();
    let groups = remembering(by_search(BY_DN, Nesting::None), &world);
    let ask = async |user: &Entry, account: &str, subject: Option<&str>| {
        groups.of(&world.call(), &line, user, account, subject).await.unwrap();
        directory.searches().len()
    };
    assert_eq!(ask(&user, "alice", Some("1")).await, 1);
    let mut spelled = Entry::new("UID=Alice, OU=people,DC=example,DC=com");
    spelled.add("memberOf", [group("first").into_bytes()]);
    assert_eq!(ask(&spelled, "alice", Some("1")).await, 1, "the same name");
    assert_eq!(ask(&Entry::new("uid=bob"), "alice", Some("1")).await, 2, "another name");
    assert_eq!(ask(&user, "alice", Some("2")).await, 3, "another subject: the account was made anew");
    assert_eq!(ask(&user, "bob", Some("1")).await, 4, "another account");
    assert_eq!(ask(&user, "alice", None).await, 5, "a user's own session");
    assert_eq!(ask(&user, "alice", None).await, 6, "is not remembered");
}

#[tokio::test]
async fn what_the_entry_itself_says_counts_at_once() {
    let (directory, line, user) = one_group().await;
    let world = World::new();
    let groups = remembering(by_member_of(RECURSIVE), &world);
    let ask = async |user: &Entry| groups.of(&world.call(), &line, user, "alice", Some("1")).await.unwrap();
    assert_eq!((ask(&user).await.len(), ask(&user).await.len(), directory.searches().len()), (1, 1, 1));
    assert!(ask(&Entry::new(ALICE)).await.is_empty());
    let direct = remembering(by_member_of(Nesting::None), &world);
    assert_eq!(direct.of(&world.call(), &line, &user, "alice", Some("1")).await.unwrap().len(), 1);
    assert_eq!(directory.searches().len(), 1, "nothing is searched, and nothing is remembered");
}

/// Answers only when it is let, or not at all.
struct Held {
    line: Line,
    let_go: Semaphore,
    asked: Semaphore,
}

#[async_trait]
impl Searcher for Held {
    async fn search(&self, cx: &Call, search: &Search) -> Result<Found, BackendError> {
        self.asked.add_permits(1);
        match self.let_go.acquire().await {
            Ok(permit) => permit.forget(),
            Err(_) => return Err(BackendError::Unavailable("the directory is gone".to_owned())),
        }
        self.line.search(cx, search).await
    }
}

#[tokio::test]
async fn whoever_wants_the_same_waits_and_asks_only_if_there_was_no_answer() {
    let (directory, line, user) = one_group().await;
    let world = World::new();
    let groups = Arc::new(remembering(by_search(BY_DN, Nesting::None), &world));
    let held = Arc::new(Held { line, let_go: Semaphore::new(0), asked: Semaphore::new(0) });
    let ask = |cx: Call| {
        let (groups, held, user) = (groups.clone(), held.clone(), user.clone());
        tokio::spawn(async move { groups.of(&cx, held.as_ref(), &user, "alice", Some("1")).await })
    };
    let len = |answer: Result<Arc<[Group]>, BackendError>| answer.map(|groups| groups.len());
    let first = ask(world.call());
    held.asked.acquire().await.unwrap().forget();
    let late = ask(late_call()).await.unwrap();
    assert!(matches!(late, Err(BackendError::Timeout(_))), "{late:?}");
    let waiting = [ask(world.call()), ask(world.call())];
    // The first goes away without an answer: one of the others asks.
    first.abort();
    held.asked.acquire().await.unwrap().forget();
    held.let_go.add_permits(1);
    for answer in waiting {
        assert_eq!(len(answer.await.unwrap()), Ok(1));
    }
    assert_eq!(directory.searches().len(), 1);
    // Errors are not remembered.
    world.clock.turn(TTL);
    held.let_go.close();
    assert!(ask(world.call()).await.unwrap().is_err());
    assert!(ask(world.call()).await.unwrap().is_err());
}
