//! From a program to processes.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use dockgate_api::BackendError;
use rustix::process::{Pid, getpriority_process, setpriority_process};
use tokio::net::unix::pipe::{Receiver, Sender};

use super::{Group, Program};

/// How far programs stand behind the server, whose answers to everybody else should not wait for them (nice(2)).
const BEHIND: i32 = 5;

/// A program that was started.
pub(crate) struct Spawned {
    pub(crate) group: Group,
    pub(crate) stdin: Sender,
    pub(crate) stdout: Receiver,
    pub(crate) stderr: Receiver,
}

/// Starts a program. Beside the requests: a file system may hang.
///
/// # Errors
/// Why it cannot be started, now or at all.
pub(crate) async fn spawn(program: &Arc<Program>) -> Result<Spawned, BackendError> {
    let starting = Arc::clone(program);
    let spawned = tokio::task::spawn_blocking(move || start(&starting)).await;
    let spawned = spawned.unwrap_or_else(|error| Err(io::Error::other(error)));
    spawned.map_err(|error| {
        let detail = format!("cannot start {}: {error}", program.name);
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory => {
                BackendError::Overloaded { detail, retry_after: Duration::from_secs(1) }
            }
            _ => BackendError::Unavailable(detail),
        }
    })
}

fn start(program: &Program) -> io::Result<Spawned> {
    let run = program.children.begin();
    let child_signals = Group::child_signals()?;
    let mut child = program.command(&run.mark()).spawn().map_err(|error| told(error, program))?;
    let leader = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let leader = leader.ok_or_else(|| io::Error::other("the system gave it no id"))?;
    // Those whom no program has to decide go first. Where that is not allowed, it is as before.
    let _ = getpriority_process(None).and_then(|own| setpriority_process(Some(leader), own + BEHIND));
    // From here on it is killed if anything goes wrong.
    let group = Group::new(leader, run, child_signals);
    let missing = || io::Error::other("it has no pipe");
    Ok(Spawned {
        group,
        stdin: Sender::from_owned_fd(OwnedFd::from(child.stdin.take().ok_or_else(missing)?))?,
        stdout: Receiver::from_owned_fd(OwnedFd::from(child.stdout.take().ok_or_else(missing)?))?,
        stderr: Receiver::from_owned_fd(OwnedFd::from(child.stderr.take().ok_or_else(missing)?))?,
    })
}

/// The system says of a script whose interpreter is not there what it says of one that is not there itself.
fn told(error: io::Error, program: &Program) -> io::Error {
    if error.kind() == io::ErrorKind::NotFound && program.path.exists() {
        let detail = format!("{error}: it is there, what it wants to be run by is not");
        return io::Error::new(error.kind(), detail);
    }
    error
}
