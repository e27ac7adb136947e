//! One of the servers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::asking::{Answer, Ask};
use crate::accounts::ALICE;
use crate::dockgate::{self, ISSUER};
use crate::harness::process::Process;

/// What an administrator would write.
const SAMPLE: &str = include_str!("../../../config/replicas.yml");
const READY: &str = "listening";
/// Accounts beside alice's, each with her password.
pub(super) const ACCOUNTS: [&str; 8] =
    ["user-0", "user-1", "user-2", "user-3", "user-4", "user-5", "user-6", "user-7"];

pub(super) struct Replica {
    process: Process,
    pub(super) port: u16,
    name: String,
    dir: PathBuf,
    starts: usize,
}

/// Makes what all servers of a directory share: keys, and the seal's secret.
pub(super) fn prepare(dir: &Path) {
    dockgate::run(dir, &["keys", "init", "keys"]).succeeds();
    fs::write(dir.join("store.secret"), "a secret that all replicas of this test share\n").unwrap();
}

/// The sample, with the places of a test.
fn configuration(name: &str, port: u16, (store, section): &(&str, Value)) -> String {
    let line = |text: &str| SAMPLE.lines().find(|line| line.starts_with(text)).unwrap().to_owned();
    let hash = line("        password: ").trim().to_owned();
    let user = |account: &&str| format!("      \"{account}\": {{password: \"{}\"}}\n", ALICE.hash);
    let mut config = SAMPLE.to_owned();
    for (written, instead) in [
        ("addr: \":5001\"".to_owned(), format!("addr: \"127.0.0.1:{port}\"")),
        ("admin.sock".to_owned(), format!("{name}.sock")),
        ("10.0.7.2".to_owned(), "127.0.0.1".to_owned()),
        ("Acme auth server".to_owned(), ISSUER.to_owned()),
        (line("  postgres: "), format!("  {store}: {section}")),
        ("  - users:\n".to_owned(), format!("  - users:\n{}", ACCOUNTS.iter().map(user).collect::<String>())),
        (hash, format!("password: \"{}\"", ALICE.hash)),
    ] {
        assert_eq!(config.matches(&written).count(), 1, "{written}");
        config = config.replace(&written, &instead);
    }
    config
}

impl Replica {
    pub(super) fn start(dir: &Path, name: &str, store: &(&'static str, Value)) -> Self {
        Self::start_with(dir, name, store, |config| config)
    }

    /// With a configuration that a test changes.
    pub(super) fn start_with(
        dir: &Path,
        name: &str,
        store: &(&'static str, Value),
        change: impl Fn(String) -> String,
    ) -> Self {
        let (process, port) = Process::listening(READY, |port| {
            let config = change(configuration(name, port, store));
            fs::write(dir.join(format!("{name}.yml")), config).unwrap();
            run(dir, name, 1)
        });
        Self { process, port, name: name.to_owned(), dir: dir.to_owned(), starts: 1 }
    }

    pub(super) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Asks this one, past the proxy.
    pub(super) fn ask(&self, client: &str, ask: &Ask<'_>) -> Answer {
        ask.of(&self.host(), client).unwrap_or_else(|error| panic!("{error}\n{}", self.process.log()))
    }

    #[track_caller]
    pub(super) fn answers(&self, client: &str, ask: &Ask<'_>, status: u16) -> Answer {
        let answer = self.ask(client, ask);
        assert_eq!(answer.status, status, "{} to {ask:?}: {answer:?}\n{}", self.name, self.process.log());
        answer
    }

    /// A refresh token for an account with alice's password.
    #[track_caller]
    pub(super) fn refresh_token(&self, account: &str) -> String {
        let ask = Ask::Get { account, password: ALICE.password, offline: true };
        self.answers("203.0.113.1", &ask, 200).refresh_token().expect("a refresh token")
    }

    /// Runs a command on it, such as `tokens list`; the configuration stands behind these words.
    #[track_caller]
    pub(super) fn command(&self, words: &[&str], options: &[&str]) -> String {
        let config = format!("{}.yml", self.name);
        let words = [words, &[config.as_str()], options].concat();
        dockgate::run(&self.dir, &words).succeeds().stdout.trim().to_owned()
    }

    pub(super) fn kill(&mut self) {
        self.process.kill();
    }

    /// Asks it to end, and waits until it has.
    #[track_caller]
    pub(super) fn stop(&mut self) {
        let status = self.process.terminate();
        assert!(status.is_some_and(|status| status.success()), "{status:?}\n{}", self.process.log());
    }

    /// Starts it again where it was.
    pub(super) fn start_again(&mut self) {
        self.starts += 1;
        // Some client's connection may have its port for a moment; then it is tried again.
        (self.process, _) = Process::listening(READY, |_| run(&self.dir, &self.name, self.starts));
    }

    pub(super) fn log_file(&self) -> PathBuf {
        self.process.log_file().to_owned()
    }
}

impl Drop for Replica {
    /// Nobody waits for `shutdown_delay` at the end of a test.
    fn drop(&mut self) {
        if self.process.is_running() {
            self.process.kill();
        }
    }
}

fn run(dir: &Path, name: &str, start: usize) -> Process {
    let mut command = Command::new(dockgate::PROGRAM);
    Process::start(command.arg(format!("{name}.yml")), dir, &format!("{name}-{start}"))
}
