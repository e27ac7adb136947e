//! Hashing on a bounded number of threads.
//!
//! A check passes four doors: the memo; its *flight*, where equal checks wait for the first of them; its
//! *lane*, where checks of one stored hash pass one by one; and a *slot*. From the flight on it holds a
//! place, and without a free one it is refused. A check that is given up while it waits gives everything
//! back, and the next of its flight takes over; one whose hash is being computed holds everything until that
//! is done.

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_api::{BackendError, Call, HashFormats, Metrics, Random, RandomError};
use tokio::sync::{AcquireError, Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::timeout;

use crate::PoolOptions;
use crate::digests::{Digest, Digests};
use crate::formats::{StoredHash, Uncomputable};
use crate::keyed::{Keyed, Lease};
use crate::memo::Memo;
use crate::meter::Meter;
use crate::workers::{NotDone, Workers};

/// What a client is told to wait when everything is taken.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How many callers there may be for each place: equal checks share one.
const CALLERS_A_PLACE: usize = 16;

/// Computes password hashes, a bounded number at a time, and remembers which passwords were right.
///
/// One a process; a clone is the same pool. It outlives reloads: what it knows cannot be stale.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

pub(crate) type Check = Box<dyn Fn(&StoredHash, &str) -> Result<bool, Uncomputable> + Send + Sync>;

struct Inner {
    check: Check,
    digests: Digests,
    memo: Memo,
    callers: Semaphore,
    lane_callers: usize,
    places: Arc<Semaphore>,
    lane_places: usize,
    slots: Arc<Semaphore>,
    workers: Workers,
    flights: Keyed<Mutex<Option<bool>>>,
    lanes: Keyed<Lane>,
    meter: Meter,
}

/// The way of one stored hash. It has fewer places than the pool, and fewer callers: guessing at one account, with a
/// few guesses sent again and again at once, must not keep everybody else out.
struct Lane {
    callers: Semaphore,
    places: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

/// The right to compute one hash. Fields are given back in this order, the outcome first.
struct Ticket {
    outcome: OwnedMutexGuard<Option<bool>>,
    _flight: Lease<Mutex<Option<bool>>>,
    _slot: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
    _lane_place: OwnedSemaphorePermit,
    _lane: Lease<Lane>,
    _place: OwnedSemaphorePermit,
}

/// Whether the memo takes part in a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    Used,
    /// A right password takes as long as a wrong one, however often it is checked.
    Untouched,
}

enum Turn {
    Known(bool),
    Ours(Box<Ticket>),
}

impl Pool {
    /// A pool that remembers nothing yet. `random` gives the key under which it will.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn new(
        options: PoolOptions,
        random: &dyn Random,
        metrics: &dyn Metrics,
    ) -> Result<Self, RandomError> {
        Self::with_check(options, random, metrics, Box::new(StoredHash::matches))
    }

    /// The same with a check of one's own, for tests.
    pub(crate) fn with_check(
        options: PoolOptions,
        random: &dyn Random,
        metrics: &dyn Metrics,
        check: Check,
    ) -> Result<Self, RandomError> {
        let most = Semaphore::MAX_PERMITS / (2 * CALLERS_A_PLACE);
        let slots = options.slots.clamp(1, most);
        let queue = options.queue.min(most);
        Ok(Self(Arc::new(Inner {
            check,
            digests: Digests::new(random)?,
            memo: Memo::new(options.memo_entries),
            callers: Semaphore::new((slots + queue) * CALLERS_A_PLACE),
            lane_callers: (slots + queue) * CALLERS_A_PLACE / 2,
            places: Arc::new(Semaphore::new(slots + queue)),
            lane_places: (queue / 4).max(2),
            slots: Arc::new(Semaphore::new(slots)),
            workers: Workers::start(slots),
            flights: Keyed::new(),
            lanes: Keyed::new(),
            meter: Meter::new(metrics),
        })))
    }

    pub(crate) fn digests(&self) -> &Digests {
        &self.0.digests
    }

    pub(crate) async fn verify(
        &self,
        cx: &Call,
        stored: &str,
        formats: HashFormats,
        password: &SecretString,
        memory: Memory,
    ) -> Result<bool, BackendError> {
        let inner = &*self.0;
        let check = inner.digests.check(stored, formats, password.expose_secret());
        if memory == Memory::Used && inner.memo.knows(&check) {
            inner.meter.memo_hits.add(1);
            return Ok(true);
        }
        if memory == Memory::Used {
            inner.meter.memo_misses.add(1);
        }
        let hash = StoredHash::parse(stored, formats)
            .map_err(|error| BackendError::Protocol(format!("a stored password: {error}")))?;
        if !hash.can_take(password.expose_secret()) {
            return Ok(false);
        }
        if cx.remaining().is_zero() {
            return Err(late());
        }
        let lane = inner.lane(stored);
        let lane_caller = lane.value.callers.try_acquire().map_err(|error| inner.refuse(&error))?;
        let caller = inner.callers.try_acquire().map_err(|error| inner.refuse(&error))?;
        let turn = timeout(cx.remaining(), inner.turn(check, stored, memory)).await.map_err(|_| late())??;
        let ticket = match turn {
            Turn::Known(right) => return Ok(right),
            Turn::Ours(ticket) => ticket,
        };
        let pool = Arc::clone(&self.0);
        let password = password.clone();
        let work = inner.workers.run(move || pool.compute(*ticket, check, &hash, &password, memory));
        let right = timeout(cx.remaining(), work).await.map_err(|_| late())?;
        drop((caller, lane_caller));
        let failed = || BackendError::Unavailable("computing a password hash failed".to_owned());
        right.map_err(|NotDone| failed())?.map_err(|Uncomputable| failed())
    }
}

impl Inner {
    async fn turn(&self, check: Digest, stored: &str, memory: Memory) -> Result<Turn, BackendError> {
        let flight = self.flights.lease(check, || Mutex::new(None));
        let outcome = Arc::clone(&flight.value).lock_owned().await;
        if let Some(right) = *outcome {
            return Ok(Turn::Known(right));
        }
        // The flight that this check just missed may have been a success.
        if memory == Memory::Used && self.memo.knows(&check) {
            return Ok(Turn::Known(true));
        }
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|error| self.refuse(&error))?;
        let lane = self.lane(stored);
        let lane_place =
            Arc::clone(&lane.value.places).try_acquire_owned().map_err(|error| self.refuse(&error))?;
        let waiting = self.meter.waits();
        let turn = Arc::clone(&lane.value.turn).acquire_owned().await.map_err(closed)?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(closed)?;
        waiting.end();
        Ok(Turn::Ours(Box::new(Ticket {
            outcome,
            _flight: flight,
            _slot: slot,
            _turn: turn,
            _lane_place: lane_place,
            _lane: lane,
            _place: place,
        })))
    }

    fn lane(&self, stored: &str) -> Lease<Lane> {
        self.lanes.lease(self.digests.stored(stored), || Lane {
            callers: Semaphore::new(self.lane_callers),
            places: Arc::new(Semaphore::new(self.lane_places)),
            turn: Arc::new(Semaphore::new(1)),
        })
    }

    fn compute(
        &self,
        mut ticket: Ticket,
        check: Digest,
        hash: &StoredHash,
        password: &SecretString,
        memory: Memory,
    ) -> Result<bool, Uncomputable> {
        let _running = self.meter.runs();
        let right = (self.check)(hash, password.expose_secret())?;
        if right && memory == Memory::Used {
            self.memo.remember(check);
            self.meter.memo_entries.set(i64::try_from(self.memo.len()).unwrap_or(i64::MAX));
        }
        *ticket.outcome = Some(right);
        Ok(right)
    }

    fn refuse(&self, _: &TryAcquireError) -> BackendError {
        self.meter.refused.add(1);
        BackendError::Overloaded {
            detail: "too many passwords wait to be hashed".to_owned(),
            retry_after: RETRY_AFTER,
        }
    }
}

fn late() -> BackendError {
    BackendError::Timeout("a password waited too long for its turn to be hashed".to_owned())
}

/// Nobody closes the semaphores; if somebody did, no password could be checked.
fn closed(_: AcquireError) -> BackendError {
    BackendError::Unavailable("the password pool is closed".to_owned())
}

#[cfg(test)]
impl Pool {
    /// Flights and lanes that exist.
    pub(crate) fn traces(&self) -> usize {
        self.0.flights.len() + self.0.lanes.len()
    }
}
