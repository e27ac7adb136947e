//! Refresh tokens that rotate, at a provider that ends the whole sign-in if one comes twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dockgate_testkit::provider::{Mood, Reply};

use super::PATIENCE;
use super::people::People;
use super::shared::Kind;
use super::visitor::Visitor;
use super::with_each_store;
use crate::components::say;
use crate::harness::poll;

/// Asked about as often as may be, and nobody ends for want of an answer.
const LONG: [&str; 2] = ["1s", "1h"];
const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];
/// Above what the provider is waited for while its last answer counts.
const GOES_ON_WITHIN: Duration = Duration::from_secs(6);
/// A server that was killed has asked for so long at the most; and what a busy machine adds.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(150);

with_each_store!(each_token_is_used_once_under_load);

fn each_token_is_used_once_under_load(store: Kind) {
    let Some(people) = People::start(store, &NAMES, ["1s", "5m"]) else { return };
    let passwords = NAMES.map(|name| {
        Visitor::signed_in(&people.replicas[0], &people.provider, name).app_password(&people.replicas[1])
    });
    let ended = AtomicBool::new(false);
    let served = thread::scope(|scope| {
        let askers: Vec<_> = NAMES
            .iter()
            .zip(&passwords)
            .flat_map(|person| [(person, 0), (person, 1)])
            .map(|((name, password), server)| {
                let (people, ended) = (&people, &ended);
                scope.spawn(move || {
                    let mut statuses = Vec::new();
                    while !ended.load(Ordering::SeqCst) {
                        statuses.push(people.token(server, name, password));
                    }
                    statuses
                })
            })
            .collect();
        let more = |renewals: usize| {
            let until = people.renewals() + renewals;
            poll(PATIENCE, || (people.renewals() >= until).then_some(())).is_some()
        };
        let well = more(12);
        // The token is used up by the time that this fails.
        people.provider.server().mood_of("/userinfo", Mood::Says(Reply::status(503)));
        let ill = more(3);
        people.provider.server().mood_of("/userinfo", Mood::Well);
        let healed = more(6);
        ended.store(true, Ordering::SeqCst);
        assert!(well && ill && healed, "nobody asks: {:?}\n{}", (well, ill, healed), people.logs());
        askers.into_iter().flat_map(|asker| asker.join().unwrap()).collect::<Vec<u16>>()
    });
    let good = served.iter().filter(|status| **status == 200).count();
    assert_eq!(good, served.len(), "somebody's sign-in ended, or was not answered for\n{}", people.logs());
    say(&format!("{store:?}: {good} tokens, {} refresh tokens used, each once\n", people.renewals()));
}

with_each_store!(a_server_is_killed_while_it_asks);

fn a_server_is_killed_while_it_asks(store: Kind) {
    let Some(people) = People::start(store, &["alice"], LONG) else { return };
    is_killed_while_it_asks(people, &format!("{store:?}"));
}

#[test]
fn a_server_with_a_file_is_killed_while_it_asks() {
    is_killed_while_it_asks(People::with_a_file(&["alice"], LONG), "a file");
}

fn is_killed_while_it_asks(mut people: People, store: &str) {
    let visitor = Visitor::signed_in(&people.replicas[0], &people.provider, "alice");
    let password = visitor.app_password(&people.replicas[0]);
    people.provider.server().mood_of("/userinfo", Mood::Silent);
    let asked = people.provider.server().count("/userinfo");
    let timed = |people: &People, server| {
        let begun = Instant::now();
        let status = people.token(server, "alice", &password);
        assert_eq!(status, 200, "the last answer counts\n{}", people.logs());
        let took = begun.elapsed();
        assert!(took < GOES_ON_WITHIN, "{took:?}\n{}", people.logs());
        took
    };
    let is_asked = poll(PATIENCE, || {
        timed(&people, 0);
        (people.provider.server().count("/userinfo") > asked).then_some(())
    });
    assert!(is_asked.is_some(), "{}", people.logs());
    let (killed, renewals) = (Instant::now(), people.renewals());
    people.replicas[0].kill();
    people.provider.server().mood_of("/userinfo", Mood::Well);
    let other = people.replicas.len() - 1;
    if other == 0 {
        people.replicas[0].start_again();
    }
    let mut longest = Duration::ZERO;
    let taken_over = poll(TAKEN_OVER_WITHIN, || {
        longest = longest.max(timed(&people, other));
        (people.renewals() > renewals).then(|| killed.elapsed())
    });
    let taken_over = taken_over.unwrap_or_else(|| panic!("nobody asks again\n{}", people.logs()));
    // The token of before the kill would have ended everything.
    if other != 0 {
        people.replicas[0].start_again();
    }
    let before = people.renewals();
    let goes_on = poll(PATIENCE, || {
        timed(&people, 0);
        timed(&people, other);
        (people.renewals() > before + 1).then_some(())
    });
    assert!(goes_on.is_some(), "{}", people.logs());
    say(&format!(
        "{store}: with a server killed while it asks nobody waits longer than {longest:.1?}, and the provider is asked again \
         after {taken_over:.0?}\n"
    ));
}
