//! A Redis of one test.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::components::{self, REDIS};
use crate::harness::command::run;
use crate::harness::logs::Logs;
use crate::harness::process::Process;

const READY: &str = "Ready to accept connections";
/// With which an answered write is kept.
pub(super) const KEEPS: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];
/// Between a member's port and the one at which the others speak to it.
const BUS: u16 = 10_000;

pub(crate) struct Server {
    process: Process,
    pub(super) port: u16,
    pub(super) dir: Arc<TempDir>,
    options: Vec<String>,
    /// What `redis-cli` needs to be let in.
    login: Vec<String>,
    starts: u32,
}

impl Server {
    /// One that keeps what it answers for.
    pub(crate) fn start() -> Option<Self> {
        Self::with(&KEEPS)
    }

    /// One with options; none where Redis is not installed.
    pub(crate) fn with(options: &[&str]) -> Option<Self> {
        Self::with_login(options, &[])
    }

    pub(super) fn with_login(options: &[&str], login: &[&str]) -> Option<Self> {
        if !components::installed(&[REDIS]) {
            return None;
        }
        let dir = Arc::new(tempfile::Builder::new().prefix("dockgate-redis-").tempdir().unwrap());
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let is_member = options.iter().any(|option| option == "--cluster-enabled");
        let (process, port) = Process::listening(READY, |port| {
            run_server(dir.path(), "redis-1", if is_member { with_bus() } else { port }, &options)
        });
        // A member has a port of its own choice: it stands in its log.
        let port = if is_member { said_port(&process.log()) } else { port };
        let login = login.iter().map(|word| (*word).to_owned()).collect();
        Some(Self { process, port, dir, options, login, starts: 1 })
    }

    pub(super) fn addr(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The section of one that wants no login.
    pub(crate) fn section(&self) -> Value {
        json!({"addr": self.addr()})
    }

    /// Ends it as a machine does that fails.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again, at the same port, with what it has on its disk.
    pub(crate) fn start_again(&mut self) {
        self.starts += 1;
        let name = format!("redis-{}", self.starts);
        self.process = run_server(self.dir.path(), &name, self.port, &self.options).ready(READY);
    }

    /// Asks it, as an administrator does.
    pub(super) fn ask(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "--no-auth-warning", "-e"]);
        command.args(&self.login).args(words).current_dir(self.dir.path());
        run(&mut command, self.dir.path(), &Logs::default()).succeeds().stdout.trim().to_owned()
    }

    /// Stops it in the middle of what it does, until the value is dropped.
    pub(crate) fn freeze(&self) -> Frozen {
        let said = self.ask(&["INFO", "server"]);
        let pid = said.lines().find_map(|line| line.trim().strip_prefix("process_id:")).unwrap();
        let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
        kill_process(pid, Signal::STOP).unwrap();
        Frozen(pid)
    }
}

pub(crate) struct Frozen(Pid);

impl Drop for Frozen {
    fn drop(&mut self) {
        kill_process(self.0, Signal::CONT).unwrap();
    }
}

fn run_server(dir: &Path, name: &str, port: u16, options: &[String]) -> Process {
    let port = port.to_string();
    let over_tls = options.iter().any(|option| option == "--tls-cert-file");
    let ports: &[&str] = if over_tls { &["--port", "0", "--tls-port", &port] } else { &["--port", &port] };
    let mut command = Command::new(REDIS.program);
    command.args(["--bind", "127.0.0.1", "--save", ""]).args(ports).args(options);
    Process::start(&mut command, dir, name)
}

/// A free port that has another one far above it.
fn with_bus() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let bus = port.checked_add(BUS).filter(|bus| TcpListener::bind(("127.0.0.1", *bus)).is_ok());
        if bus.is_some() {
            return port;
        }
    }
}

fn said_port(log: &str) -> u16 {
    let (_, rest) = log.rsplit_once("Running mode=cluster, port=").unwrap_or_else(|| panic!("{log}"));
    rest.split('.').next().unwrap().trim().parse().unwrap()
}
