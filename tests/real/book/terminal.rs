//! A shell in a world of its own: a loopback and no other network, and processes that end with it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::components;
use crate::harness::poll;

/// For one command; what takes longer is no step of a book.
const DONE_WITHIN: Duration = Duration::from_secs(90);
const ENDED_WITHIN: Duration = Duration::from_secs(20);

/// The namespaces: whoever is number one of the processes takes all others along at its end.
const WORLD: [&str; 6] = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];

pub(super) struct Terminal {
    shell: Child,
    steps: usize,
    dir: TempDir,
}

/// How a command ended, and what it printed on both outputs.
#[derive(Debug)]
pub(super) struct Printed {
    /// None if it took the shell along.
    pub(super) status: Option<i32>,
    pub(super) text: String,
}

impl Terminal {
    /// `None` where nobody may have such a world: under `CI=true` that is a failure.
    pub(super) fn start() -> Option<Self> {
        let dir = tempfile::Builder::new().prefix("dockgate-book-").tempdir().unwrap();
        for place in ["page", "home", "tmp", "bin", "steps"] {
            fs::create_dir(dir.path().join(place)).unwrap();
        }
        let bin = dir.path().join("bin");
        std::os::unix::fs::symlink(crate::dockgate::PROGRAM, bin.join("dockgate")).unwrap();
        // Whatever else is called docker on this machine.
        std::os::unix::fs::symlink(components::DOCKER.program, bin.join("docker")).unwrap();
        let mut path = bin.into_os_string();
        path.push(":");
        path.push(components::path());
        let log = File::create(dir.path().join("shell.log")).unwrap();
        let shell = Command::new("unshare")
            .args(WORLD)
            .args(["bash", "--noprofile", "--norc"])
            .env_clear()
            .env("PATH", path)
            .env("HOME", dir.path().join("home"))
            .env("TMPDIR", dir.path().join("tmp"))
            .env("LC_ALL", "C.UTF-8")
            .current_dir(dir.path().join("page"))
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("unshare does not start: {error}"));
        let mut terminal = Self { shell, steps: 0, dir };
        // Jobs as at a terminal, for `kill %1`.
        let ready = terminal.run("ip link set lo up && set -m");
        if ready.status == Some(0) {
            return Some(terminal);
        }
        let notice = format!("NOT RUN: a network of its own wants root: {ready:?} {}\n", terminal.log());
        assert!(!components::in_ci(), "{notice}");
        components::say(&notice);
        None
    }

    /// Where the reader is.
    pub(super) fn page(&self) -> PathBuf {
        self.dir.path().join("page")
    }

    /// For what the runner keeps beside it.
    pub(super) fn beside(&self) -> &Path {
        self.dir.path()
    }

    /// What the shell itself said.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("shell.log")).unwrap_or_default()
    }

    /// Runs a script in the shell, so that variables, directories and jobs stay. Ends the shell if it hangs.
    pub(super) fn run(&mut self, script: &str) -> Printed {
        self.steps += 1;
        let (steps, number) = (self.dir.path().join("steps"), self.steps);
        let file = |kind: &str| steps.join(format!("{number}.{kind}"));
        let [source, output, unfinished, status] = ["sh", "out", "unfinished", "status"].map(file);
        fs::write(&source, script).unwrap();
        let [source_, output_, unfinished_, status_] =
            [&source, &output, &unfinished, &status].map(|file| file.display());
        let line = format!(
            ". {source_} </dev/null >{output_} 2>&1; echo $? >{unfinished_}; mv {unfinished_} {status_}\n"
        );
        // A shell that has ended says so below.
        let _ = self.shell.stdin.as_ref().map(|mut stdin| stdin.write_all(line.as_bytes()));
        let ended = poll(DONE_WITHIN, || {
            let status = fs::read_to_string(&status).ok().and_then(|text| text.trim().parse::<i32>().ok());
            let is_over = self.shell.try_wait().unwrap().is_some();
            status.map(Some).or_else(|| is_over.then_some(None))
        });
        let text = String::from_utf8_lossy(&fs::read(&output).unwrap_or_default()).into_owned();
        let status = ended.unwrap_or_else(|| {
            let log = self.log();
            self.end(Duration::ZERO);
            panic!("{script}\nhangs:\n{text}\n{log}")
        });
        Printed { status, text }
    }

    /// Waits until a server listens on a port or a socket file.
    pub(super) fn wait_for(&self, place: &str) -> bool {
        let listens = || match place.parse::<u16>() {
            Ok(port) => self.listens_on(port),
            Err(_) => std::os::unix::net::UnixStream::connect(self.page().join(place)).is_ok(),
        };
        poll(DONE_WITHIN, || listens().then_some(())).is_some()
    }

    /// The network of `unshare` is that of the shell. A line is `NUMBER: ADDRESS:PORT REMOTE:PORT STATE …`, in hexadecimal; state A
    /// is a listener.
    fn listens_on(&self, port: u16) -> bool {
        let port = format!(":{port:04X}");
        ["tcp", "tcp6"].iter().any(|table| {
            let table =
                fs::read_to_string(format!("/proc/{}/net/{table}", self.shell.id())).unwrap_or_default();
            table
                .lines()
                .map(|line| line.split_whitespace().collect::<Vec<_>>())
                .any(|words| words.len() > 3 && words[1].ends_with(&port) && words[3] == "0A")
        })
    }

    /// With its input the shell ends, and with the shell everything that it started.
    fn end(&mut self, patience: Duration) {
        drop(self.shell.stdin.take());
        if poll(patience, || self.shell.try_wait().unwrap()).is_none() {
            let _ = self.shell.kill();
            let _ = self.shell.wait();
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.end(ENDED_WITHIN);
    }
}
