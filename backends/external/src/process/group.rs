//! A program with all that it starts.

use std::io;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, kill_process_group, waitid, waitpgid,
    waitpid,
};
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};

use super::children::Run;

/// How often is looked whether the killed have died, should the system not say so.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A process group. Whatever becomes of it, its processes are killed; only [`end`](Self::end) waits until they are gone.
pub(crate) struct Group {
    /// The first process: the group has its id, and keeps it until the process is reaped.
    leader: Pid,
    /// Something happened to a child.
    child_signals: Signals,
    /// The first process is reaped: its id may be anybody's from now on.
    reaped: bool,
    gone: bool,
    _run: Run,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By itself, with an exit code.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

impl Group {
    /// Must be called where a runtime is. The child is the leader of a group of its own, and nobody else waits for it.
    pub(super) fn new(leader: Pid, run: Run, child_signals: Signals) -> Self {
        Self { leader, child_signals, reaped: false, gone: false, _run: run.led_by(leader) }
    }

    /// Tells of children that change. To be made before the child is.
    pub(super) fn child_signals() -> io::Result<Signals> {
        signal(SignalKind::child())
    }

    /// Waits until the program itself has ended. What it has started may go on, and its id stays its own until
    /// [`end`](Self::end).
    ///
    /// # Errors
    /// If nobody can know: somebody else has reaped it.
    pub(crate) async fn ended(&mut self) -> io::Result<Ended> {
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        loop {
            if let Some(status) = waitid(WaitId::Pid(self.leader), how)? {
                let ended = status.exit_status().map(Ended::Code);
                return Ok(ended.unwrap_or_else(|| Ended::Signal(status.terminating_signal().unwrap_or(0))));
            }
            // A signal that came before this one was asked for is not lost: it is marked as new.
            self.child_signals.recv().await;
        }
    }

    /// Kills all of it and waits until it is gone.
    pub(crate) async fn end(mut self) {
        while !self.kill_and_reap() {
            // Those who die are our children only once their parents have died.
            let _ = tokio::time::timeout(LOOK_EVERY, self.child_signals.recv()).await;
        }
    }

    /// Whether nothing of it is left.
    fn kill_and_reap(&mut self) -> bool {
        // Before anything is reaped: until then the group's id cannot be anybody else's.
        let _ = kill_process_group(self.leader, Signal::KILL);
        if !self.reaped {
            // It may have gone over into another group.
            let _ = kill_process(self.leader, Signal::KILL);
            match waitpid(Some(self.leader), WaitOptions::NOHANG) {
                Ok(None) | Err(Errno::INTR) => return false,
                Ok(Some(_)) | Err(_) => self.reaped = true,
            }
        }
        loop {
            match waitpgid(self.leader, WaitOptions::NOHANG) {
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return false,
                Err(_) => {
                    self.gone = true;
                    return true;
                }
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.gone {
            self.kill_and_reap();
        }
    }
}
