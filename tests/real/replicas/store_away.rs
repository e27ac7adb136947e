//! The store is killed under load: passwords go on, what is kept there waits for it, and nothing is lost.

use std::time::Instant;

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
