//! Requests of one kind to one server, over a number of connections.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{sleep, sleep_until};

use crate::accounts::Logins;
use crate::client::{Connection, NoAnswer};
use crate::error::LoadError;
use crate::pace::Pace;
use crate::tally::Tally;
use crate::target::Target;

/// Who cannot connect tries again after that long, not at once.
const BREATH: Duration = Duration::from_millis(10);

/// What is asked, by whom, and how fast.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) target: Target,
    pub(crate) logins: Arc<Logins>,
    pub(crate) connections: usize,
    /// Requests a second; 0 is as fast as they are answered.
    pub(crate) rate: u32,
    pub(crate) new_connection: bool,
}

/// What ends it, whichever comes first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) time: Duration,
    pub(crate) requests: u64,
}

pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    pub(crate) elapsed: Duration,
    /// Requests that were due and for which no connection was free before the end.
    pub(crate) unsent: u64,
}

struct Course {
    stream: Arc<Stream>,
    tally: RefCell<Tally>,
    taken: Cell<u64>,
    until: Instant,
    most: u64,
    paced: Option<Paced>,
}

/// A gate that a thread opens for each request when it is due. It ends soon after the gate is closed.
struct Paced {
    pace: Pace,
    gate: Arc<Semaphore>,
}

impl Paced {
    fn start(pace: Pace, until: Instant, most: u64) -> io::Result<Self> {
        let gate = Arc::new(Semaphore::new(0));
        let opened = Arc::clone(&gate);
        thread::Builder::new().name("pace".to_owned()).spawn(move || pace.keep(&opened, until, most))?;
        Ok(Self { pace, gate })
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        self.gate.close();
    }
}

/// A request that is to be sent.
struct Turn {
    number: u64,
    due: Instant,
}

impl Stream {
    /// The same, as fast as it is answered.
    pub(crate) fn unpaced(&self) -> Self {
        Self { rate: 0, target: self.target.clone(), logins: Arc::clone(&self.logins), ..*self }
    }

    /// Opens the connections, calls `begin`, and asks until the end. What still goes on when `cut` is ready is left.
    ///
    /// # Errors
    /// The server cannot be reached at all, or `begin` fails.
    pub(crate) async fn run<T>(
        self: &Arc<Self>,
        extent: Extent,
        begin: impl FnOnce() -> Result<T, LoadError>,
        cut: impl Future<Output = ()>,
    ) -> Result<(Outcome, T), LoadError> {
        let local = LocalSet::new();
        local.run_until(self.run_within(extent, begin, cut)).await
    }

    async fn run_within<T>(
        self: &Arc<Self>,
        extent: Extent,
        begin: impl FnOnce() -> Result<T, LoadError>,
        cut: impl Future<Output = ()>,
    ) -> Result<(Outcome, T), LoadError> {
        let mut connections = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            let connection = if self.new_connection && !connections.is_empty() {
                None
            } else {
                let place = self.target.address;
                let opened = Connection::open(&self.target).await;
                Some(opened.map_err(|source| LoadError::Connect { place, source })?)
            };
            connections.push(connection);
        }
        let begun = begin()?;
        let start = Instant::now();
        let until = start + extent.time;
        let paced =
            (self.rate > 0).then(|| Paced::start(Pace::new(start, self.rate), until, extent.requests));
        let course = Rc::new(Course {
            stream: Arc::clone(self),
            tally: RefCell::new(Tally::new()?),
            taken: Cell::new(0),
            until,
            most: extent.requests,
            paced: paced.transpose().map_err(LoadError::Start)?,
        });
        let mut work = JoinSet::new();
        for connection in connections {
            work.spawn_local(Rc::clone(&course).work(connection));
        }
        let finished = async { while work.join_next().await.is_some() {} };
        tokio::select! {
            () = finished => {}
            () = course.end() => {}
            () = cut => {}
        }
        let elapsed = start.elapsed();
        work.shutdown().await;
        Ok((course.outcome(elapsed)?, begun))
    }
}

impl Course {
    /// Closes the gate when the time is over; those that still wait at it are not sent. Never ready.
    async fn end(&self) {
        if let Some(paced) = &self.paced {
            sleep_until(self.until.into()).await;
            paced.gate.close();
        }
        pending::<()>().await;
    }

    async fn next(&self) -> Option<Turn> {
        let due = match &self.paced {
            None if self.taken.get() >= self.most => return None,
            None => Some(Instant::now()).filter(|now| *now < self.until)?,
            Some(paced) => {
                paced.gate.acquire().await.ok()?.forget();
                paced.pace.due(self.taken.get())
            }
        };
        let number = self.taken.get();
        self.taken.set(number + 1);
        if let Some(paced) = &self.paced
            && number + 1 >= self.most
        {
            paced.gate.close();
        }
        Some(Turn { number, due })
    }

    async fn work(self: Rc<Self>, mut connection: Option<Connection>) {
        while let Some(turn) = self.next().await {
            let answer = self.ask(&mut connection, turn.number).await;
            self.tally.borrow_mut().count(answer, turn.due.elapsed());
            if matches!(answer, Err(NoAnswer::Refused | NoAnswer::NoPort | NoAnswer::NotConnected)) {
                sleep(BREATH).await;
            }
        }
    }

    async fn ask(&self, kept: &mut Option<Connection>, number: u64) -> Result<hyper::StatusCode, NoAnswer> {
        let Stream { target, logins, new_connection, .. } = &*self.stream;
        // Taken out, so that one that failed is not used again.
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => Connection::open(target).await?,
        };
        let status = connection.ask(target, logins.header(number), *new_connection).await?;
        *kept = Some(connection).filter(|connection| !new_connection && connection.is_open());
        Ok(status)
    }

    fn outcome(&self, elapsed: Duration) -> Result<Outcome, LoadError> {
        let unsent = self.paced.as_ref().map_or(0, |paced| paced.gate.available_permits());
        let tally = self.tally.replace(Tally::new()?);
        Ok(Outcome { tally, elapsed, unsent: u64::try_from(unsent).unwrap_or(u64::MAX) })
    }
}

#[cfg(test)]
mod tests;
