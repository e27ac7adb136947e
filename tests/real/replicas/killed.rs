//! One server is killed under load: nothing fails but what it was answering.

use std::time::Instant;

use super::load::{CLIENTS, Load, Span, minted, times};
use super::shared::Kind;
use super::site::Site;
use super::{PATIENCE, with_each_store};
use crate::accounts::ALICE;
use crate::client::Client as _;
use crate::components::say;
use crate::harness::poll;

with_each_store!(one_is_killed_under_load);

fn one_is_killed_under_load(store: Kind) {
    let Some(mut site) = Site::start(store) else { return };
    let crane = site.crane();
    crane.sign_in(&ALICE);
    let begun = Instant::now();
    let load = Load::start(&site.front.host(), crane);
    load.goes_on(400);
    let killed = Span::of(|| site.replicas[0].kill());
    load.goes_on(400);
    let before = site.front.accesses().len();
    site.replicas[0].start_again();
    let back = Instant::now();
    let port = site.replicas[0].port;
    let serves = poll(PATIENCE, || {
        let accesses = site.front.accesses();
        let good = (port, "200".to_owned());
        (accesses[before..].iter().filter(|access| access.asked.contains(&good)).count() > 20).then_some(())
    });
    assert!(serves.is_some(), "nginx does not come back to it:\n{}", site.logs());
    let done = load.stop();

    let failed: Vec<_> = done.iter().filter(|done| !done.is_good()).collect();
    for failure in &failed {
        assert!(
            failure.meets(killed),
            "it was not under way at the kill {killed:?}: {failure:#?}\n{}",
            site.logs()
        );
    }
    assert!(failed.len() <= CLIENTS, "{failed:#?}");
    site.all_work(&minted(&done));
    let accesses = site.front.accesses();
    let alone = accesses.iter().find(|access| access.status >= 500 && access.asked.len() < 2);
    assert!(alone.is_none(), "nginx asked nobody else: {alone:?}\n{}", site.logs());
    let twice = accesses.iter().filter(|access| access.asked.len() > 1).count();
    let under_way = done.iter().filter(|done| done.meets(killed)).count();
    let refused = accesses.iter().filter(|access| access.status >= 500).count();
    say(&format!(
        "{store:?}: of {} requests {under_way} were under way at the kill and {} failed ({refused} at nginx); nginx asked twice {twice} times\n\
         before: {}\nwith one: {}\nafter: {}\n",
        done.len(),
        failed.len(),
        times(&done, Span { begun, ended: killed.begun }),
        times(&done, Span { begun: killed.begun, ended: back }),
        times(&done, Span { begun: back, ended: Instant::now() }),
    ));
}
