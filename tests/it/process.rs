//! The real binary as a child process: run to its end, or served and asked over HTTP.

mod built;
mod http;
mod site;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

pub(crate) use built::built_example;
pub(crate) use http::{Address, Response, basic, encode};
pub(crate) use site::{DAY, Pair, Site, now, pair};

/// Far beyond what anything here takes, so that only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server's binary with nothing of our environment but PATH.
pub(crate) fn dockgate() -> Command {
    binary(env!("CARGO_BIN_EXE_dockgate"))
}

/// Any binary, likewise.
pub(crate) fn binary(path: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(path);
    command.env_clear().envs(std::env::vars_os().filter(|(key, _)| key == "PATH"));
    command
}

/// What a process left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    /// None if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Everything that it said.
    pub(crate) fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    run_with_input(command, b"")
}

/// Runs a command to its end with something on its standard input.
pub(crate) fn run_with_input(command: &mut Command, input: &[u8]) -> Ended {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    // A process that never looks at its input may end before it is written.
    let _ = child.stdin.take().unwrap().write_all(input);
    let (stdout, stderr) = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
    let status = poll(PATIENCE, || child.try_wait().unwrap());
    if status.is_none() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    let Some(status) = status else { panic!("{command:?} did not end\n{stdout}\n{stderr}") };
    Ended { code: status.code(), stdout, stderr }
}

fn collect(mut stream: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Asks again and again until there is an answer, or the time is over.
pub(crate) fn poll<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() >= end {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A server that runs as long as this value lives.
pub(crate) struct Server {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    address: Address,
    _outputs: tempfile::TempDir,
}

impl Server {
    /// Serves a configuration of a site and waits until it listens. The configuration has port 0 or a socket.
    pub(crate) fn start(site: &Site, config: &str) -> Self {
        Self::start_command(dockgate().args(["serve", config]).current_dir(site.path()))
    }

    /// The same for any command line that ends in serving.
    pub(crate) fn start_command(command: &mut Command) -> Self {
        Self::try_start(command).unwrap_or_else(|ended| panic!("{command:?} does not serve: {ended:?}"))
    }

    /// The same; what the process left behind if it ended before it listened.
    pub(crate) fn try_start(command: &mut Command) -> Result<Self, Ended> {
        let outputs = tempfile::tempdir().unwrap();
        let file = |name| outputs.path().join(name);
        let (stdout, stderr) = (file("stdout"), file("stderr"));
        command.stdin(Stdio::null());
        command.stdout(File::create(&stdout).unwrap()).stderr(File::create(&stderr).unwrap());
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let address = Address::Unix(PathBuf::new());
        let mut server = Self { child, stdout, stderr, address, _outputs: outputs };
        let listening = poll(PATIENCE, || {
            let ended = server.child.try_wait().unwrap().map(|status| Err(status.code()));
            ended.or_else(|| Address::of_log(&server.stderr()).map(Ok))
        });
        match listening {
            Some(Ok(address)) => {
                server.address = address;
                Ok(server)
            }
            Some(Err(code)) => Err(Ended { code, stdout: server.stdout(), stderr: server.stderr() }),
            None => panic!("{command:?} does not listen:\n{}", server.stderr()),
        }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn stdout(&self) -> String {
        read(&self.stdout)
    }

    pub(crate) fn stderr(&self) -> String {
        read(&self.stderr)
    }

    /// Asks for a token for scopes, as an account with its password, or as nobody in particular.
    pub(crate) fn ask(&self, login: Option<(&str, &str)>, scope: &str) -> Response {
        let target = format!("/auth?service=registry&scope={}", encode(scope));
        let header = login.map(|(account, password)| ("Authorization", basic(account, password)));
        self.address.get(&target, header.as_ref().map(|(name, value)| (*name, value.as_str())))
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Where its doors for clients are, the first one first, once so many have said that they listen.
    #[track_caller]
    pub(crate) fn doors(&self, number: usize) -> Vec<Address> {
        let doors = poll(PATIENCE, || {
            Some(Address::all_of_log(&self.stderr())).filter(|doors| doors.len() >= number)
        });
        doors.unwrap_or_else(|| panic!("not {number} doors:\n{}", self.stderr()))
    }

    /// Waits until a text has stood in the log so often. The log is written by a thread of its own, so that a line may
    /// come after the answer that it is about.
    #[track_caller]
    pub(crate) fn said(&self, text: &str, times: usize) {
        let said = poll(PATIENCE, || (self.stderr().matches(text).count() >= times).then_some(()));
        assert!(said.is_some(), "not said {times} times: {text}\n{}", self.stderr());
    }

    /// Sends a signal and waits for the end.
    #[track_caller]
    pub(crate) fn stop(self, signal: Signal) -> Ended {
        self.signal(signal);
        self.ended()
    }

    /// Waits for the end.
    #[track_caller]
    pub(crate) fn ended(mut self) -> Ended {
        let status = poll(PATIENCE, || self.child.try_wait().unwrap());
        let status = status.unwrap_or_else(|| panic!("it does not end:\n{}", self.stderr()));
        Ended { code: status.code(), stdout: self.stdout(), stderr: self.stderr() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            if poll(Duration::from_secs(15), || self.child.try_wait().ok().flatten()).is_none() {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
        }
    }
}

fn read(path: &Path) -> String {
    let mut bytes = Vec::new();
    File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A port that was free a moment ago: who needs it tries again with another one if it is taken in between.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
