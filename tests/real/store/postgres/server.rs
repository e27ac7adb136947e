//! A server of one test's own.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::components::{self, PGBOUNCER, POSTGRES, PSQL};
use crate::directory::authority::Authority;
use crate::harness::command;
use crate::harness::logs::Logs;
use crate::harness::poll;
use crate::harness::process::Process;

/// The role of the store: name and password.
pub(crate) const APP: (&str, &str) = ("app", "app-pass");
pub(crate) const DATABASE: &str = "registry";
const READY: &str = "database system is ready to accept connections";
const GONE_WITHIN: Duration = Duration::from_secs(20);

/// How it differs from a server without TLS that keeps what it is given.
#[derive(Clone, Default)]
pub(crate) struct Options {
    /// It speaks TLS, with a certificate of this authority, which vouches for clients too.
    pub(crate) authority: Option<Authority>,
    /// What its certificate is for, in place of this machine's names.
    pub(crate) named_only: Option<&'static str>,
    /// Of its configuration: `fsync=off`.
    pub(crate) settings: Vec<&'static str>,
}

/// A server that runs until it is dropped.
pub(crate) struct Postgres {
    process: Option<Process>,
    starts: usize,
    pub(crate) port: u16,
    options: Options,
    // Behind the server: fields drop in order, and it writes into it.
    dir: TempDir,
}

/// What stands before a server.
pub(crate) struct Pooler {
    _process: Process,
    pub(crate) port: u16,
}

/// The server does not run as root.
fn user() -> Option<(u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd.lines().find(|line| line.starts_with("postgres:")).expect("Debian makes that user");
    let words: Vec<&str> = line.split(':').collect();
    Some((words[2].parse().unwrap(), words[3].parse().unwrap()))
}

fn as_user(command: &mut Command) -> &mut Command {
    if let Some((user, group)) = user() {
        command.uid(user).gid(group);
    }
    command
}

/// A file that the server may read and nobody else.
fn give(file: &Path, content: &[u8]) {
    fs::write(file, content).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    own(file);
}

fn own(path: &Path) {
    if let Some((user, group)) = user() {
        chown(path, Some(user), Some(group)).unwrap();
    }
}

impl Postgres {
    /// `None` if a component is missing: the test has nothing to say.
    pub(crate) fn start(options: Options) -> Option<Self> {
        if !components::installed(&[POSTGRES, PSQL]) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-postgres-").tempdir().unwrap();
        own(dir.path());
        let data = dir.path().join("data");
        let initdb = Path::new(POSTGRES.program).with_file_name("initdb");
        let mut initialise = Command::new(initdb);
        initialise.args(["-A", "scram-sha-256", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N", "-D"]);
        give(&dir.path().join("root"), b"root-pass");
        initialise.arg(&data).arg("--pwfile").arg(dir.path().join("root"));
        command::run(as_user(&mut initialise), dir.path(), &Logs::default()).succeeds();
        let access = "local all postgres trust\nlocal all all scram-sha-256\n\
                      hostssl all certified 127.0.0.1/32 cert\nhost all all 127.0.0.1/32 scram-sha-256\n";
        give(&data.join("pg_hba.conf"), access.as_bytes());
        if let Some(authority) = &options.authority {
            let pair = match options.named_only {
                Some(name) => authority.server_named_only(&[name]),
                None => authority.server(&[]),
            };
            for (name, file) in [
                ("server.crt", &pair.certificate),
                ("server.key", &pair.key),
                ("ca.crt", &authority.certificate),
            ] {
                give(&data.join(name), &fs::read(file).unwrap());
            }
        }
        let mut server = Self { process: None, starts: 0, port: 0, options, dir };
        let (process, port) = Process::listening(READY, |port| server.launch(port));
        (server.process, server.port) = (Some(process), port);
        server.sql(&format!("CREATE ROLE {} LOGIN PASSWORD '{}'", APP.0, APP.1));
        server.sql_in("postgres", &format!("CREATE DATABASE {DATABASE} OWNER {}", APP.0));
        Some(server)
    }

    fn launch(&mut self, port: u16) -> Process {
        self.starts += 1;
        let mut command = Command::new(POSTGRES.program);
        command.arg("-D").arg(self.dir.path().join("data")).args(["-p", &port.to_string()]);
        let own = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("unix_socket_directories={}", self.dir()),
            // Many run at once on a small machine.
            "shared_buffers=16MB".to_owned(),
            "max_connections=200".to_owned(),
        ];
        let tls = ["ssl=on", "ssl_cert_file=server.crt", "ssl_key_file=server.key", "ssl_ca_file=ca.crt"];
        let tls = tls.iter().filter(|_| self.options.authority.is_some());
        let others = tls.chain(&self.options.settings).map(|setting| (*setting).to_owned());
        for setting in own.into_iter().chain(others) {
            command.args(["-c", &setting]);
        }
        let name = format!("postgres-{}", self.starts);
        Process::start(as_user(&mut command), self.dir.path(), &name)
    }

    /// Where its socket is.
    pub(crate) fn dir(&self) -> String {
        self.dir.path().display().to_string()
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// `store.postgres` for it.
    pub(crate) fn section(&self) -> Value {
        let (user, password) = APP;
        json!({"host": "127.0.0.1", "port": self.port, "database": DATABASE, "user": user, "password": password})
    }

    /// What an administrator sees of the store's database.
    #[track_caller]
    pub(crate) fn sql(&self, statement: &str) -> String {
        let database =
            if self.starts == 1 && statement.starts_with("CREATE ROLE") { "postgres" } else { DATABASE };
        self.sql_in(database, statement)
    }

    #[track_caller]
    fn sql_in(&self, database: &str, statement: &str) -> String {
        let mut psql = Command::new(PSQL.program);
        psql.args(["-h", &self.dir(), "-p", &self.port.to_string(), "-U", "postgres", "-d", database]);
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement]);
        command::run(&mut psql, self.path(), &self.logs()).succeeds().stdout.trim().to_owned()
    }

    fn logs(&self) -> Logs {
        Logs(self.process.iter().map(|process| process.log_file().to_owned()).collect())
    }

    /// It and its children, of which there is one for each connection.
    fn processes(&self) -> Vec<Pid> {
        let id = self.process.as_ref().unwrap().id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        let children = children.split_whitespace().map(|child| child.parse().unwrap());
        [id].into_iter().chain(children).filter_map(Pid::from_raw).collect()
    }

    fn signal(&self, signal: Signal) -> Vec<Pid> {
        let processes = self.processes();
        for process in &processes {
            // A child may have ended meanwhile.
            let _ = kill_process(*process, signal);
        }
        processes
    }

    /// All of it stands still: who asks gets no answer, and no refusal.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Ends all of it at once, as a power failure does to a process; nothing is flushed.
    pub(crate) fn kill(&mut self) {
        let processes = self.signal(Signal::KILL);
        let mut process = self.process.take().unwrap();
        process.kill();
        let is_there = |process: &Pid| PathBuf::from(format!("/proc/{}", process.as_raw_nonzero())).exists();
        let gone = poll(GONE_WITHIN, || (!processes.iter().any(is_there)).then_some(()));
        assert!(gone.is_some(), "a part of the server is still there");
    }

    /// Starts it again on the same port.
    pub(crate) fn restart(&mut self) {
        let port = self.port;
        self.process = Some(self.launch(port).ready(READY));
    }

    /// A pooler before it that hands out connections for one transaction.
    pub(crate) fn pooler(&self) -> Option<Pooler> {
        if !components::installed(&[PGBOUNCER]) {
            return None;
        }
        let dir = self.path().join("pooler");
        fs::create_dir(&dir).unwrap();
        own(&dir);
        give(&dir.join("users.txt"), format!("\"{}\" \"{}\"\n", APP.0, APP.1).as_bytes());
        let (process, port) = Process::listening("process up", |port| {
            let settings = format!(
                "[databases]\n{DATABASE} = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\npool_mode = transaction\n\
                 default_pool_size = 2\nmax_client_conn = 100\n",
                self.port,
                dir.join("users.txt").display()
            );
            give(&dir.join("pooler.ini"), settings.as_bytes());
            let mut command = Command::new(PGBOUNCER.program);
            Process::start(as_user(&mut command).arg(dir.join("pooler.ini")), &dir, "pooler")
        });
        Some(Pooler { _process: process, port })
    }
}

impl Drop for Postgres {
    /// It may stand still, and a polite end waits for clients.
    fn drop(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
    }
}
