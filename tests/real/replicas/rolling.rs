//! Each server in turn is asked to end and started again, as at an upgrade: nobody sees it.

use super::load::{Load, minted};
use super::shared::Kind;
use super::site::Site;
use super::with_each_store;
use crate::accounts::ALICE;
use crate::client::Client as _;
use crate::components::say;

with_each_store!(one_after_the_other_is_restarted);

fn one_after_the_other_is_restarted(store: Kind) {
    let Some(mut site) = Site::start(store) else { return };
    let crane = site.crane();
    crane.sign_in(&ALICE);
    let load = Load::start(&site.front.host(), crane);
    load.goes_on(100);
    for number in [0, 1] {
        site.replicas[number].stop();
        load.goes_on(50);
        site.replicas[number].start_again();
    }
    load.goes_on(100);
    let done = load.stop();
    let failed: Vec<_> = done.iter().filter(|done| !done.is_good()).collect();
    assert!(failed.is_empty(), "{failed:#?}\n{}", site.logs());
    site.all_work(&minted(&done));
    let twice = site.front.accesses().iter().filter(|access| access.asked.len() > 1).count();
    say(&format!("{store:?}: {} requests, none failed; nginx asked twice {twice} times\n", done.len()));
}
