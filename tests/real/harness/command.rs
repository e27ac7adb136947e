use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use super::logs::Logs;
use super::poll;

const DONE_WITHIN: Duration = Duration::from_secs(60);

/// What a command that has ended left behind; displayed, all that one wants to know of a failure.
pub(crate) struct Outcome {
    command: String,
    status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    logs: Logs,
}

/// Runs `command` to its end. Its outputs go through files in `dir`, which never fill up as pipes do.
pub(crate) fn run(command: &mut Command, dir: &Path, logs: &Logs) -> Outcome {
    let words: Vec<_> = [command.get_program()].into_iter().chain(command.get_args()).collect();
    let line = words.join(OsStr::new(" ")).display().to_string();
    let [stdout, stderr] = ["stdout", "stderr"].map(|name| dir.join(name));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(File::create(&stdout).unwrap())
        .stderr(File::create(&stderr).unwrap())
        .spawn()
        .unwrap_or_else(|error| panic!("{line} does not start: {error}"));
    let status = poll(DONE_WITHIN, || child.try_wait().unwrap());
    if status.is_none() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let [stdout, stderr] = [stdout, stderr].map(|path| fs::read_to_string(path).unwrap());
    let status = status.unwrap_or_else(|| panic!("{line} hangs:\n{stdout}\n{stderr}\n{logs}"));
    Outcome { command: line, status, stdout, stderr, logs: logs.clone() }
}

impl Outcome {
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert!(self.status.success(), "this must succeed:\n{self}");
        self
    }

    #[track_caller]
    pub(crate) fn fails(self) -> Self {
        assert!(!self.status.success(), "this must fail:\n{self}");
        self
    }

    /// It fails, and tells the person at the terminal what `reason` says, in any case of letters.
    #[track_caller]
    pub(crate) fn fails_with(self, reason: &str) -> Self {
        assert!(!self.status.success(), "this must fail:\n{self}");
        assert!(
            self.stderr.to_lowercase().contains(&reason.to_lowercase()),
            "this must fail with {reason:?}:\n{self}"
        );
        self
    }

    /// The exit code; none if a signal ended it.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub(crate) fn is_success(&self) -> bool {
        self.status.success()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, status, stdout, stderr, logs } = self;
        write!(f, "{command}\n{status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n{logs}")
    }
}
