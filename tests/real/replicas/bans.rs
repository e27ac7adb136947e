//! Failed logins count together, and bans hold and end on both servers.

use std::time::{Duration, Instant};

use super::asking::login;
use super::replica::{ACCOUNTS, Replica};
use super::shared::Kind;
use super::site::Site;
use super::with_each_store;
use crate::accounts::ALICE;
use crate::components::say;
use crate::harness::poll;

const GUESSER: &str = "203.0.113.7";
/// Of whom nothing is known yet.
const BESIDE: &str = ACCOUNTS[0];
const ELSEWHERE: &str = "203.0.113.8";
/// Until a ban holds or ends at the other server: each looks every second, and leaves a store that was away alone for five.
const KNOWN_WITHIN: Duration = Duration::from_secs(10);
/// Of one account from one address, as lock-out begins.
const MOST_FAILURES: usize = 5;

/// Waits until it answers somebody's right password so.
#[track_caller]
fn comes_to(server: &Replica, account: &str, status: u16) -> Duration {
    let begun = Instant::now();
    let right = login(account, ALICE.password);
    let come = poll(KNOWN_WITHIN, || (server.ask(GUESSER, &right).status == status).then_some(()));
    assert!(come.is_some(), "it does not come to {status}");
    begun.elapsed()
}

with_each_store!(guesses_count_together);

fn guesses_count_together(store: Kind) {
    let Some(site) = Site::start(store) else { return };
    let [one, other] = &site.replicas;
    let host = site.front.host();
    let right = login(ALICE.name, ALICE.password);
    for number in 0..MOST_FAILURES {
        let guess = format!("guess-{number}");
        assert_eq!(login(ALICE.name, &guess).of(&host, GUESSER).unwrap().status, 401, "{number}");
    }
    let known = [one, other].map(|server| comes_to(server, ALICE.name, 429));
    let asked = |port| site.front.accesses().iter().any(|access| access.asked[0].0 == port);
    assert!(asked(one.port) && asked(other.port), "nginx asks both");
    let answer = right.of(&host, GUESSER).unwrap();
    assert_eq!(answer.status, 429);
    assert!(answer.retry_after.is_some_and(|seconds| (200..=300).contains(&seconds)), "{answer:?}");
    assert_eq!(right.of(&host, ELSEWHERE).unwrap().status, 200, "from there nobody guessed");
    for server in [one, other] {
        let listed = server.command(&["bans", "list"], &[]);
        assert!(listed.starts_with("alice from 203.0.113.7, 5 failed logins, until "), "{listed}");
    }

    let lifted = other.command(&["bans", "lift"], &["--account", "alice"]);
    assert!(lifted.starts_with("lifted: alice from 203.0.113.7"), "{lifted}");
    other.answers(GUESSER, &right, 200);
    let lifted = comes_to(one, ALICE.name, 200);
    assert_eq!(one.command(&["bans", "list"], &[]), "");
    say(&format!("{store:?}: a ban holds on both after {known:.1?}, its end after {lifted:.1?}\n"));
    who_logs_in_begins_anew(&site);
}

fn who_logs_in_begins_anew(site: &Site) {
    let [one, other] = &site.replicas;
    let mut guesses = (0..).map(|number| format!("guess-{number}"));
    let mut fail = |server: &Replica| server.answers(GUESSER, &login(BESIDE, &guesses.next().unwrap()), 401);
    let right = login(BESIDE, ALICE.password);
    for server in [one, other, one, other] {
        fail(server);
    }
    other.answers(GUESSER, &right, 200);
    for server in [one, other, one, other] {
        fail(server);
    }
    for server in [one, other] {
        assert_eq!(server.command(&["bans", "list"], &[]), "");
    }
    fail(one);
    one.answers(GUESSER, &right, 429);
    comes_to(other, BESIDE, 429);
}

with_each_store!(a_ban_begun_without_the_store_is_told_when_it_is_back);

fn a_ban_begun_without_the_store_is_told_when_it_is_back(store: Kind) {
    let Some(mut site) = Site::start(store) else { return };
    let (right, robot) = (login(ALICE.name, ALICE.password), site.replicas[0].refresh_token(ALICE.name));
    site.store.kill();
    let [one, other] = &site.replicas;
    for number in 0..MOST_FAILURES {
        one.answers(GUESSER, &login(ALICE.name, &format!("guess-{number}")), 401);
    }
    one.answers(GUESSER, &right, 429);
    other.answers(GUESSER, &right, 200);
    site.store.start_again();
    site.is_served(&robot);
    comes_to(&site.replicas[1], ALICE.name, 429);
    // It outlives both servers.
    for replica in &mut site.replicas {
        replica.kill();
        replica.start_again();
    }
    for replica in &site.replicas {
        comes_to(replica, ALICE.name, 429);
    }
}
