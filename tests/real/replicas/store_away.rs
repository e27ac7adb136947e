//! The store is killed under load: passwords go on, what is kept there waits for it, and nothing is lost.

use std::time::{Duration, Instant};

use super::asking::{Ask, login};
use super::load::{Load, Span, What, minted, times};
use super::shared::Kind;
use super::site::Site;
use super::with_each_store;
use crate::accounts::ALICE;
use crate::client::Client as _;
use crate::components::say;

with_each_store!(the_store_is_killed_under_load);

fn the_store_is_killed_under_load(store: Kind) {
    let Some(mut site) = Site::start(store) else { return };
    let crane = site.crane();
    crane.sign_in(&ALICE);
    let begun = Instant::now();
    let load = Load::start(&site.front.host(), crane);
    load.goes_on(400);
    let killed = Span::of(|| site.store.kill());
    load.goes_on(400);
    let returned = Span::of(|| site.store.start_again());
    site.is_served(&load.a_token());
    let noticed = Instant::now();
    load.goes_on(200);
    let done = load.stop();

    for done in &done {
        let says = || format!("{done:#?}\nkilled {killed:?}, back {noticed:?}\n{}", site.logs());
        if done.what != What::Refresh || done.ended < killed.begun || done.begun > noticed {
            assert!(done.is_good(), "{}", says());
        }
        if done.what == What::Refresh && !done.is_good() {
            let answer = done.answer.as_ref().unwrap_or_else(|_| panic!("{}", says()));
            assert!(answer.status == 503 && answer.retry_after.is_some(), "{}", says());
        }
        if done.what == What::Refresh && done.begun > killed.ended && done.ended < returned.begun {
            assert_eq!(done.status(), Some(503), "{}", says());
        }
    }
    let minting = |span: Span| {
        let inside = done.iter().filter(|done| done.begun > span.begun && done.ended < span.ended);
        inside.filter_map(|done| done.answer.as_ref().ok()?.refresh_token()).count()
    };
    let away = Span { begun: killed.ended, ended: returned.begun };
    let after = Span { begun: noticed, ended: Instant::now() };
    assert_eq!(minting(away), 0, "who keeps them?");
    assert!(minting(after) > 0, "there are none any more:\n{}", site.logs());
    site.all_work(&minted(&done));
    let refused = done.iter().filter(|done| done.status() == Some(503)).count();
    say(&format!(
        "{store:?}: {refused} of {} requests were 503 in {:.1?}; the store's return was noticed {:.1?} after it was ready\n\
         before: {}\naway: {}\nafter: {}\n",
        done.len(),
        noticed - killed.begun,
        noticed - returned.ended,
        times(&done, Span { begun, ended: killed.begun }),
        times(&done, away),
        times(&done, after),
    ));
}

/// What `store` waits for an answer, and what a busy machine adds.
const GIVEN_UP_WITHIN: Duration = Duration::from_secs(8);
const HERE: &str = "203.0.113.7";

with_each_store!(a_store_that_hangs_keeps_nobody_who_has_a_password);

fn a_store_that_hangs_keeps_nobody_who_has_a_password(store: Kind) {
    let Some(site) = Site::start(store) else { return };
    let host = site.front.host();
    let token = site.replicas[0].refresh_token(ALICE.name);
    site.is_served(&token);
    let timed = |ask: &Ask<'_>| {
        let begun = Instant::now();
        (ask.of(&host, HERE).unwrap(), begun.elapsed())
    };
    site.store.hangs_while(|| {
        let (answer, plain) = timed(&login(ALICE.name, ALICE.password));
        assert!(answer.status == 200 && plain < Duration::from_secs(2), "{answer:?} after {plain:?}");
        // Whoever wants something kept waits for the store, and gets what they can have without it.
        let (answer, kept) = timed(&Ask::Post { account: ALICE.name, password: ALICE.password });
        assert!(answer.status == 200 && kept < GIVEN_UP_WITHIN, "{answer:?} after {kept:?}");
        assert_eq!(answer.refresh_token(), None);
        let (answer, asked) = timed(&Ask::Refresh(&token));
        assert!(answer.status == 503 && asked < GIVEN_UP_WITHIN, "{answer:?} after {asked:?}");
        assert!(answer.retry_after.is_some(), "{answer:?}");
        say(&format!("{store:?} hangs: a login takes {plain:.1?}, one that asks for a refresh token {kept:.1?}, a 503 {asked:.1?}\n"));
    });
    site.is_served(&token);
}
