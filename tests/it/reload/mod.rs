//! One configuration follows another in a running server.

mod admin;
mod certificates;
mod doors;
mod ending;
mod files;
mod keys;
mod store;
mod storm;

use rustix::process::Signal;

use crate::process::{Server, Site, poll};
use crate::support::PATIENCE;

const RELOADED: &str = "configuration reloaded";
const NOT_RELOADED: &str = "configuration not reloaded: the one from before goes on";

/// A configuration whose only rule grants these actions, with these further lines under `server`.
fn granting(actions: &str, server: &str) -> String {
    format!(
        "server: {{addr: \"127.0.0.1:0\"{server}}}\n\
         token: {{issuer: an issuer, expiration: 900, certificate: cert.pem, key: key.pem}}\n\
         authn: [{{users: {{\"\": {{}}}}}}]\n\
         authz: [{{acl: [{{match: {{}}, actions: [{actions}]}}]}}]\n"
    )
}

/// A server that grants `pull`.
fn pulling(server: &str) -> (Site, Server) {
    let site = Site::with(&granting("pull", server));
    let server = Server::start(&site, "auth.yml");
    assert_eq!(granted(&server), "pull");
    (site, server)
}

fn granted(server: &Server) -> String {
    server.ask(None, "repository:a:pull,push,delete").granted()
}

/// Waits until what is granted is this, since one change may be noticed twice.
#[track_caller]
fn until_granted(server: &Server, actions: &str) {
    let so = poll(PATIENCE, || (granted(server) == actions).then_some(()));
    assert!(so.is_some(), "{:?} is granted, not {actions:?}:\n{}", granted(server), server.stderr());
}

/// Reloads and waits until it is done, well or not.
#[track_caller]
fn hang_up(server: &Server, outcome: &str) {
    let before = server.stderr().matches(outcome).count();
    server.signal(Signal::HUP);
    server.said(outcome, before + 1);
}
