//! The server under test.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::accounts;
use crate::harness::command::{self, Outcome};
use crate::harness::logs::Logs;
use crate::harness::process::Process;

pub(crate) const ISSUER: &str = "dockgate in tests";

/// Starts it with `NAME.yml` in `dir`, where `token` stands in the section of that name: lines that say what signs.
/// Answers its port too.
pub(crate) fn serve(dir: &Path, name: &str, token: &str) -> (Process, u16) {
    serve_deciding(dir, name, token, &accounts::users_and_acl())
}

/// The same with other chains than those of the tests' accounts.
pub(crate) fn serve_deciding(dir: &Path, name: &str, token: &str, chains: &str) -> (Process, u16) {
    Process::listening("listening", |port| {
        let file = format!("{name}.yml");
        let admin = format!("  admin: {{socket: admin-{port}.sock}}\n");
        fs::write(dir.join(&file), deciding(port, &admin, token, chains)).unwrap();
        Process::start(Command::new(PROGRAM).arg(&file), dir, name)
    })
}

/// A configuration with the accounts of the tests.
pub(crate) fn configuration(port: u16, token: &str) -> String {
    deciding(port, "", token, &accounts::users_and_acl())
}

fn deciding(port: u16, server: &str, token: &str, chains: &str) -> String {
    format!(
        "server:\n  addr: \"127.0.0.1:{port}\"\n{server}token:\n  issuer: \"{ISSUER}\"\n  expiration: 900\n{token}{chains}"
    )
}

/// Runs one of its commands in `dir`.
pub(crate) fn run(dir: &Path, arguments: &[&str]) -> Outcome {
    command::run(Command::new(PROGRAM).args(arguments).current_dir(dir), dir, &Logs::default())
}

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_dockgate");
