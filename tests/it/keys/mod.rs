//! Signing keys: how they renew, what follows when their files change, and what registries must be told of them.

mod commands;
mod managed;
mod reload;
mod rotate;
mod shown;
mod trust;

use crate::process::{Ended, Site, dockgate, run};

/// Runs `dockgate` in the site's directory; the words are separated by single spaces.
fn typed(site: &Site, words: &str) -> Ended {
    run(dockgate().args(words.split(' ')).current_dir(site.path()))
}

/// The same, which must succeed.
#[track_caller]
fn done(site: &Site, words: &str) -> String {
    let ended = typed(site, words);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{words}: {ended:?}");
    ended.stdout
}

/// A configuration in lists that signs with this.
fn config(token: &str) -> String {
    format!(
        "server: {{addr: \"127.0.0.1:0\"}}\n\
         token:\n  issuer: \"it's \\\"ours\\\"\"\n  expiration: 300\n{token}\n\
         authn: [{{users: {{\"\": {{}}}}}}]\n\
         authz: [{{acl: [{{match: {{}}, actions: [\"*\"]}}]}}]\n"
    )
}
