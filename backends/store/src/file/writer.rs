//! The one thread that writes.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use dockgate_api::{BackendError, Clock, Record, Shelf};
use tokio::sync::oneshot;

use super::database::{Failure, Shared};
use super::tables::Tables;

/// The most changes of one commit.
const MOST_AT_ONCE: usize = 512;
/// How often what is over is looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// For how long what is over stays: somebody's clock may be behind.
const SWEEP_AFTER: Duration = Duration::from_secs(60);
/// How much one sweep removes before others have their turn.
const SWEEP_AT_ONCE: usize = 512;
/// For how long nothing is written after an error: each try closes the file to those who read, for a moment.
const REST: Duration = Duration::from_millis(500);

/// What the writer is told.
pub(super) enum Message {
    Change(Box<Change>),
    /// A reader has met an error: the file has to be opened anew, unless it was since it had been opened so often.
    Reopen {
        opened: u64,
        done: oneshot::Sender<()>,
    },
}

/// A change that somebody waits for.
pub(super) struct Change {
    pub(super) shelf: Shelf,
    pub(super) now: SystemTime,
    pub(super) deadline: Instant,
    pub(super) step: Step,
    pub(super) reply: oneshot::Sender<Result<Done, BackendError>>,
}

/// What is to be done.
pub(super) enum Step {
    Put(Record, Vec<u8>),
    Replace(Record, Vec<u8>),
    Take(String),
    Add { key: String, amount: u64, end: SystemTime },
    Reset(String),
}

/// What a change came to.
pub(super) enum Done {
    Written,
    Replaced(bool),
    Taken(Option<Record>),
    Count(u64),
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    next_sweep: SystemTime,
    /// When an error was met last.
    failed_at: Option<Instant>,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, clock: Arc<dyn Clock>) -> Self {
        let next_sweep = clock.now();
        Self { shared, clock, next_sweep, failed_at: None }
    }

    /// Writes until nobody can ask any more.
    pub(super) fn run(mut self, messages: Receiver<Message>) {
        let mut wait = Duration::ZERO;
        loop {
            match messages.recv_timeout(wait) {
                Ok(first) => {
                    self.write(std::iter::once(first).chain(messages.try_iter().take(MOST_AT_ONCE - 1)));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let more = self.sweep_if_due();
            let troubled = self.shared.trouble().is_some();
            wait = match (more, troubled) {
                (true, _) => Duration::ZERO,
                (false, true) => REST,
                (false, false) => SWEEP_EVERY,
            };
        }
    }

    fn write(&mut self, messages: impl Iterator<Item = Message>) {
        let mut changes: Vec<Change> = Vec::new();
        for message in messages {
            match message {
                Message::Change(change) if change.reply.is_closed() => {}
                Message::Change(change) if change.deadline <= Instant::now() => {
                    let late = BackendError::Timeout("the store had too much to write".to_owned());
                    let _ = change.reply.send(Err(late));
                }
                Message::Change(change) => changes.push(*change),
                Message::Reopen { opened, done } => {
                    if opened == self.shared.opened() {
                        self.shared.reopen();
                    }
                    let _ = done.send(());
                }
            }
        }
        if changes.is_empty() {
            return;
        }
        match self.try_to_commit(&changes) {
            Ok(done) => {
                self.shared.note(None);
                for (change, done) in changes.into_iter().zip(done) {
                    let _ = change.reply.send(done);
                }
            }
            Err(failure) => {
                let words = self.shared.words(&failure);
                for change in changes {
                    let _ = change.reply.send(Err(BackendError::Unavailable(words.clone())));
                }
            }
        }
    }

    fn try_to_commit(&mut self, changes: &[Change]) -> Result<Vec<Result<Done, BackendError>>, Failure> {
        if self.rests() {
            return Err(Failure::Closed);
        }
        let mut outcome = self.commit(changes);
        // A reader has met the error, or the file could not be opened when that was tried last.
        if matches!(&outcome, Err(Failure::Closed | Failure::Redb(redb::Error::PreviousIo)))
            && self.shared.reopen()
        {
            outcome = self.commit(changes);
        }
        if let Err(failure) = &outcome {
            self.failed(failure);
        }
        outcome
    }

    /// All of them in one commit, or none.
    fn commit(&self, changes: &[Change]) -> Result<Vec<Result<Done, BackendError>>, Failure> {
        let transaction = self.shared.begin_write()?;
        let mut tables = Tables::open(&transaction)?;
        let done = changes.iter().map(|change| step(&mut tables, change)).collect::<Result<_, _>>()?;
        drop(tables);
        transaction.commit()?;
        Ok(done)
    }

    fn rests(&self) -> bool {
        self.failed_at.is_some_and(|at| at.elapsed() < REST)
    }

    fn failed(&mut self, failure: &Failure) {
        self.shared.note(Some(self.shared.words(failure)));
        self.failed_at = Some(Instant::now());
        self.shared.reopen();
    }

    /// Removes what is over; whether there may be more.
    fn sweep_if_due(&mut self) -> bool {
        if self.rests() {
            return false;
        }
        let now = self.clock.now();
        if now < self.next_sweep && self.shared.trouble().is_none() {
            // A clock that was set back must not stop it for long.
            self.next_sweep = self.next_sweep.min(now + SWEEP_EVERY);
            return false;
        }
        match self.sweep(now) {
            Ok(removed) => {
                self.shared.note(None);
                let more = removed == SWEEP_AT_ONCE;
                if !more {
                    self.next_sweep = now + SWEEP_EVERY;
                }
                more
            }
            Err(failure) => {
                self.failed(&failure);
                false
            }
        }
    }

    fn sweep(&self, now: SystemTime) -> Result<usize, Failure> {
        let transaction = self.shared.begin_write()?;
        let before = now.checked_sub(SWEEP_AFTER).unwrap_or(SystemTime::UNIX_EPOCH);
        let removed = Tables::open(&transaction)?.sweep(before, SWEEP_AT_ONCE)?;
        if removed > 0 || self.shared.trouble().is_some() {
            transaction.commit()?;
        }
        Ok(removed)
    }
}

fn step(tables: &mut Tables<'_>, change: &Change) -> Result<Result<Done, BackendError>, redb::Error> {
    let Change { shelf, now, .. } = *change;
    match &change.step {
        Step::Put(record, bytes) => tables.put(shelf, record, bytes).map(|()| Ok(Done::Written)),
        Step::Replace(record, bytes) => {
            tables.replace(shelf, record, bytes, now).map(|done| done.map(Done::Replaced))
        }
        Step::Take(key) => tables.take(shelf, key, now).map(|done| done.map(Done::Taken)),
        Step::Add { key, amount, end } => {
            tables.add(shelf, key, *amount, (now, *end)).map(|count| Ok(Done::Count(count)))
        }
        Step::Reset(key) => tables.reset(shelf, key).map(|()| Ok(Done::Written)),
    }
}
