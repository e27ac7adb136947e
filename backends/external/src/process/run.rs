//! One question, one process.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use dockgate_api::BackendError;
use dockgate_api::secrecy::{ExposeSecret, SecretString};
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::{Complaints, Ended, Program, Spawned, spawn};

/// In bytes; labels of somebody in a thousand groups fit.
const LONGEST_ANSWER: usize = 256 * 1024;

/// How a program answered.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    /// What it wrote to standard error, as far as that was logged.
    pub(crate) complaints: Vec<String>,
}

/// What becomes of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stdout {
    /// It is the answer; one that is too long is an error.
    Answer,
    /// Whatever it is, it is thrown away.
    Ignored,
}

/// Runs a program on an input until it has ended. It is killed, with everything that it started, at the deadline, and
/// when the future is dropped; `held` is dropped when nothing of it is left.
///
/// # Errors
/// If it cannot be started, does not end in time, is ended by a signal, or answers too much.
pub(crate) async fn run(
    program: &Arc<Program>,
    input: SecretString,
    secret: Option<SecretString>,
    stdout: Stdout,
    deadline: Instant,
    held: impl Send + 'static,
) -> Result<Finished, BackendError> {
    let (answer, answered) = oneshot::channel();
    let complaints =
        OwnComplaints { complaints: Complaints::new(Arc::clone(program), Instant::now()).keeping(), secret };
    let running = Arc::clone(program);
    // In a task of its own, so that somebody cleans up whatever becomes of the one who asks.
    tokio::spawn(async move {
        supervise(&running, &input, stdout, complaints, answer).await;
        drop(held);
    });
    match tokio::time::timeout_at(deadline.into(), answered).await {
        Ok(Ok(finished)) => finished,
        Ok(Err(_)) => {
            Err(BackendError::Unavailable(format!("{} was not run: the server stops", program.name)))
        }
        Err(_) => Err(BackendError::Timeout(format!("{} did not end in time and was killed", program.name))),
    }
}

type Asker = oneshot::Sender<Result<Finished, BackendError>>;

async fn supervise(
    program: &Arc<Program>,
    input: &SecretString,
    stdout: Stdout,
    complaints: OwnComplaints,
    mut asker: Asker,
) {
    let Spawned { mut group, stdin, stdout: output, stderr } = match spawn(program).await {
        Ok(spawned) => spawned,
        Err(error) => {
            let _ = asker.send(Err(error));
            return;
        }
    };
    let mut said = Said { output, stderr, stdout, bytes: Vec::new(), complaints };
    let finished = tokio::select! {
        biased;
        ended = group.ended() => Some(ended),
        () = asker.closed() => None,
        // It only ends this way: with all pipes closed there is still the end to wait for.
        too_long = said.listen(stdin, input) => Some(Err(too_long)),
    };
    if let Some(ended) = finished {
        let ended = ended.and_then(|ended| said.rest().map(|()| ended));
        said.complaints.finish();
        let answer = ended.map_err(|error| BackendError::Protocol(format!("{}: {error}", program.name)));
        let answer = answer.and_then(|ended| match ended {
            Ended::Code(code) => {
                let complaints = said.complaints.complaints.take_kept();
                Ok(Finished { code, stdout: said.take_bytes(), complaints })
            }
            Ended::Signal(number) => {
                Err(BackendError::Protocol(format!("{} was ended by signal {number}", program.name)))
            }
        });
        let _ = asker.send(answer);
    } else {
        said.complaints.finish();
    }
    group.end().await;
}

/// What it complains of, and the password of its one question.
struct OwnComplaints {
    complaints: Complaints,
    secret: Option<SecretString>,
}

impl OwnComplaints {
    fn take(&mut self, bytes: &[u8]) {
        self.complaints.take(bytes, Instant::now(), || self.secret.iter());
    }

    /// What has no line's end ends here.
    fn finish(&mut self) {
        self.take(b"\n");
    }
}

/// What a program says while it runs.
struct Said {
    output: Receiver,
    stderr: Receiver,
    stdout: Stdout,
    bytes: Vec<u8>,
    complaints: OwnComplaints,
}

impl Said {
    /// Hands over the input and listens until the answer is too long, which may be never.
    async fn listen(&mut self, mut stdin: Sender, input: &SecretString) -> io::Error {
        let feed = async {
            // A program that does not care for its input may have closed it: what counts is how it ends.
            let _ = stdin.write_all(input.expose_secret().as_bytes()).await;
            drop(stdin);
            std::future::pending::<()>().await;
        };
        let (output, stderr, complaints) = (&self.output, &self.stderr, &mut self.complaints);
        let hear = async {
            loop {
                let Ok(()) = stderr.readable().await else { return std::future::pending::<()>().await };
                match drain(|into| stderr.try_read(into), |bytes| complaints.take(bytes)) {
                    Left::Nothing => return std::future::pending::<()>().await,
                    Left::ForNow => {}
                    Left::More => yield_now().await,
                }
            }
        };
        let (answer, how) = (&mut self.bytes, self.stdout);
        let read = async {
            loop {
                let Ok(()) = output.readable().await else { return std::future::pending::<()>().await };
                let left = drain(|into| output.try_read(into), |bytes| keep(answer, how, bytes));
                if answer.len() > LONGEST_ANSWER {
                    return;
                }
                match left {
                    Left::Nothing => return std::future::pending::<()>().await,
                    Left::ForNow => {}
                    Left::More => yield_now().await,
                }
            }
        };
        tokio::select! {
            () = feed => {}
            () = hear => {}
            () = read => {}
        }
        too_long()
    }

    /// Reads what is still in the pipes, and waits for nobody who holds them open.
    fn rest(&mut self) -> io::Result<()> {
        let (answer, how, complaints) = (&mut self.bytes, self.stdout, &mut self.complaints);
        // A pipe may hold more than is read at once. Where all is thrown away, the rest is too.
        while drain(|into| read_now(&self.output, into), |bytes| keep(answer, how, bytes)) == Left::More
            && how == Stdout::Answer
            && answer.len() <= LONGEST_ANSWER
        {}
        drain(|into| read_now(&self.stderr, into), |bytes| complaints.take(bytes));
        if self.bytes.len() > LONGEST_ANSWER { Err(too_long()) } else { Ok(()) }
    }

    fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// One byte more than may be, so that it is seen.
fn keep(answer: &mut Vec<u8>, stdout: Stdout, bytes: &[u8]) {
    if stdout == Stdout::Answer {
        let room = (LONGEST_ANSWER + 1).saturating_sub(answer.len());
        answer.extend(bytes.iter().take(room));
    }
}

fn too_long() -> io::Error {
    io::Error::other(format!("the answer is longer than {} KiB", LONGEST_ANSWER / 1024))
}

/// How much is read from one pipe before the others have their turn: as much as a pipe holds.
const AT_ONCE: usize = 64 * 1024;

/// Reads straight from a pipe: that there is something may not have come round yet.
pub(crate) fn read_now(pipe: &Receiver, into: &mut [u8]) -> io::Result<usize> {
    rustix::io::read(pipe, into).map_err(io::Error::from)
}

/// What is left of a pipe that was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Nothing will come any more.
    Nothing,
    /// Nothing now.
    ForNow,
    /// More than was read at once: others come first. A pipe that is always full would never let go of the thread.
    More,
}

/// Reads what is there, up to a bound.
pub(crate) fn drain(
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
    mut take: impl FnMut(&[u8]),
) -> Left {
    let mut buffer = [0; 8 * 1024];
    let mut taken = 0;
    while taken < AT_ONCE {
        match read(&mut buffer) {
            Ok(0) => return Left::Nothing,
            Ok(length) => {
                take(buffer.get(..length).unwrap_or_default());
                taken += length;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Left::ForNow,
            Err(_) => return Left::Nothing,
        }
    }
    Left::More
}
