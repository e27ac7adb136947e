//! SIGKILL in the middle of giving out refresh tokens: what somebody was given works afterwards.

use std::time::Instant;

use serde_json::json;

use super::load::{Load, minted};
use super::replica::{self, Replica};
use super::shared::Kind;
use super::site::{self, Site};
use super::with_each_store;
use crate::components::say;

const TOKENS: usize = 300;
const TOKENS_IN_A_FILE: usize = 500;

with_each_store!(a_server_and_the_store_are_killed_while_minting);

fn a_server_and_the_store_are_killed_while_minting(store: Kind) {
    let Some(mut site) = Site::start(store) else { return };
    let load = Load::minting(&site.front.host());
    load.has_minted(TOKENS);
    site.replicas[0].kill();
    site.store.kill();
    let done = load.stop();
    site.store.start_again();
    site.replicas[0].start_again();
    let tokens = minted(&done);
    site.is_served(&tokens[0]);
    site.all_work(&tokens);
    let failed = done.iter().filter(|done| !done.is_good()).count();
    say(&format!("{store:?}: {} tokens were given out and work; {failed} requests failed\n", tokens.len()));
}

#[test]
fn a_server_with_a_file_is_killed_while_minting() {
    let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
    replica::prepare(dir.path());
    let mut server = Replica::start(dir.path(), "server", &("file", json!("store")));
    let load = Load::minting(&server.host());
    let begun = Instant::now();
    load.has_minted(TOKENS_IN_A_FILE);
    let took = begun.elapsed();
    server.kill();
    let tokens = minted(&load.stop());
    server.start_again();
    site::all_work(&[&server.host()], &tokens);
    say(&format!("a file: {} tokens were given out in {took:.1?} and work\n", tokens.len()));
}
