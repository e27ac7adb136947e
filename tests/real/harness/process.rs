use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::{logs, poll};
use crate::components;

const READY_WITHIN: Duration = Duration::from_secs(20);
const STOPPED_WITHIN: Duration = Duration::from_secs(10);
const PORT_RACES: usize = 5;

/// A server that runs as long as this value lives.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` in `dir` with both its outputs in `NAME.log` there.
    ///
    /// Its environment is only PATH: Debian's registry takes every `REGISTRY_…` variable for configuration,
    /// the clients' `REGISTRY_AUTH_FILE` too.
    pub(crate) fn start(command: &mut Command, dir: &Path, name: &str) -> Self {
        let log = dir.join(format!("{name}.log"));
        let output = File::options().create(true).append(true).open(&log).unwrap();
        let child = command
            .env_clear()
            .env("PATH", components::path())
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Self { child, log }
    }

    /// Starts a server that prints `ready` when it listens. Another process may take the free port before the
    /// server does; then a new one is tried.
    pub(crate) fn listening(ready: &str, start: impl FnMut(u16) -> Self) -> (Self, u16) {
        Self::try_listening(ready, start)
            .unwrap_or_else(|log| panic!("the server did not say {ready:?}:\n{log}"))
    }

    /// The same for a server that may have its reasons to end at once: its log, then.
    pub(crate) fn try_listening(
        ready: &str,
        mut start: impl FnMut(u16) -> Self,
    ) -> Result<(Self, u16), String> {
        for _ in 0..PORT_RACES {
            let port = free_port();
            let mut process = start(port);
            match process.wait_until_it_says(ready) {
                Ok(()) => return Ok((process, port)),
                Err(log) if log.contains("in use") => std::fs::remove_file(&process.log).unwrap(),
                Err(log) => return Err(log),
            }
        }
        panic!("{PORT_RACES} free ports were taken before the server had them");
    }

    /// Waits until it prints `ready`.
    #[track_caller]
    pub(crate) fn ready(mut self, ready: &str) -> Self {
        self.wait_until_it_says(ready).unwrap_or_else(|log| panic!("it did not say {ready:?}:\n{log}"));
        self
    }

    fn wait_until_it_says(&mut self, text: &str) -> Result<(), String> {
        let said = poll(READY_WITHIN, || {
            let ended = self.child.try_wait().unwrap().is_some();
            let said = self.log().contains(text);
            (said || ended).then_some(said)
        });
        if said == Some(true) { Ok(()) } else { Err(self.log()) }
    }

    /// Whether it goes on as it was started.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The same for signals.
    pub(crate) fn id(&self) -> i32 {
        Pid::from_child(&self.child).as_raw_nonzero().get()
    }

    pub(crate) fn log_file(&self) -> &Path {
        &self.log
    }

    pub(crate) fn log(&self) -> String {
        logs::read(&self.log)
    }

    /// Ends it as the system does that has no memory left: it cannot say goodbye.
    pub(crate) fn kill(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::KILL).unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, as a service manager does; `None` if it still runs after a while.
    pub(crate) fn terminate(&mut self) -> Option<ExitStatus> {
        if let Some(status) = self.child.try_wait().unwrap() {
            return Some(status);
        }
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        poll(STOPPED_WITHIN, || self.child.try_wait().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.terminate().is_none() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
