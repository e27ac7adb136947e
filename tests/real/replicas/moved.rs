//! From a server with a file to several with one store, while they run.

use std::fs;
use std::process::Command;

use serde_json::json;

use super::asking::{Ask, login};
use super::replica::{self, Replica};
use super::shared::Kind;
use super::site::Site;
use super::with_each_store;
use crate::accounts::ALICE;
use crate::dockgate;
use crate::harness::command;

const HERE: &str = "203.0.113.7";

with_each_store!(tokens_move_from_a_file_into_the_shared_store);

fn tokens_move_from_a_file_into_the_shared_store(store: Kind) {
    let Some(site) = Site::start(store) else { return };
    let dir = tempfile::tempdir_in(site.dir()).unwrap();
    replica::prepare(dir.path());
    let old = Replica::start(dir.path(), "old", &("file", json!("store")));
    let tokens: Vec<String> = (0..5).map(|_| old.refresh_token(ALICE.name)).collect();
    let robots =
        old.command(&["tokens", "create"], &["--account", "alice", "--scope", "repository:alice/*:pull"]);
    let [one, other] = &site.replicas;
    one.answers(HERE, &Ask::Refresh(&tokens[0]), 401);

    let lines = dir.path().join("tokens.jsonl");
    fs::write(&lines, old.command(&["store", "export"], &[]) + "\n").unwrap();
    let mut import = Command::new("sh");
    import.args(["-c", "exec \"$0\" store import replica-0.yml < \"$1\"", dockgate::PROGRAM]).arg(&lines);
    command::run(import.current_dir(site.dir()), site.dir(), &site.logs()).succeeds();
    site.all_work(&tokens);
    for server in [one, other] {
        server.answers(HERE, &login(ALICE.name, &robots), 200);
        let listed = server.command(&["tokens", "list"], &[]);
        assert_eq!(listed.lines().count(), 1 + tokens.len() + 1, "{listed}");
    }
    one.command(&["revoke"], &["--account", "alice"]);
    other.answers(HERE, &Ask::Refresh(&tokens[0]), 401);
}
