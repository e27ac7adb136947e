//! Debian's `logrotate` moves the audit log, with the words of the book.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::accounts;
use crate::api::request_token;
use crate::components::{self, LOGROTATE};
use crate::dockgate;
use crate::harness::command;
use crate::harness::logs::Logs;
use crate::harness::poll;
use crate::harness::process::Process;
use crate::keys::Key;

const PAGE: &str = include_str!("../../docs/monitoring.md");
const WRITTEN_WITHIN: Duration = Duration::from_secs(20);

fn rotate(dir: &Path, configuration: &str) {
    fs::write(dir.join("rotate.conf"), configuration).unwrap();
    let arguments = ["--force", "--state", "rotate.state", "rotate.conf"];
    command::run(Command::new(LOGROTATE.program).args(arguments).current_dir(dir), dir, &Logs::default())
        .succeeds();
}

fn lines(file: &Path) -> usize {
    fs::read_to_string(file).unwrap_or_default().lines().count()
}

#[track_caller]
fn has(file: &Path, number: usize) {
    let found = poll(WRITTEN_WITHIN, || (lines(file) == number).then_some(()));
    assert!(found.is_some(), "{} has {} lines, not {number}", file.display(), lines(file));
}

#[test]
fn no_line_is_lost_when_logrotate_moves_the_file() {
    if !components::installed(&[LOGROTATE]) {
        return;
    }
    let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
    let files = Key::EcP256.write(dir.path());
    let [certificate, key] = [files.certificate, files.key].map(|file| file.display().to_string());
    let (server, port) = Process::listening("listening", |port| {
        let config = format!(
            "server: {{addr: \"127.0.0.1:{port}\"}}\n\
             token: {{issuer: a, expiration: 900, certificate: \"{certificate}\", key: \"{key}\"}}\n\
             audit: {{to: audit.log}}\n{}",
            accounts::users_and_acl()
        );
        fs::write(dir.path().join("auth.yml"), config).unwrap();
        Process::start(Command::new(dockgate::PROGRAM).arg("auth.yml"), dir.path(), "dockgate")
    });
    let host = format!("127.0.0.1:{port}");
    let ask = |times: usize| {
        (0..times).for_each(|_| _ = request_token(&host, "registry", "repository:a:pull", None).status);
    };
    let file = |name: &str| dir.path().join(name);
    let (_, snippet) = PAGE.split_once("```text\n/var/log/dockgate/audit.log {").unwrap();
    let snippet = snippet.split("```").next().unwrap();
    let moving = format!("{} {{{snippet}", file("audit.log").display());

    ask(3);
    has(&file("audit.log"), 3);
    rotate(dir.path(), &moving);
    ask(2);
    has(&file("audit.log"), 2);
    has(&file("audit.log.1"), 3);
    rotate(dir.path(), &moving);
    assert!(file("audit.log.2.gz").exists());
    ask(1);
    has(&file("audit.log"), 1);
    // A file that logrotate makes, and one that it cuts.
    rotate(dir.path(), &moving.replace("daily", "daily\n    create 0640"));
    ask(4);
    has(&file("audit.log"), 4);
    rotate(dir.path(), &moving.replace("daily", "daily\n    copytruncate"));
    has(&file("audit.log.1"), 4);
    ask(2);
    has(&file("audit.log"), 2);
    assert!(!server.log().contains("audit log"), "{}", server.log());
}
