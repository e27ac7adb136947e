//! Connections that are open, and who may use them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{
    Manager, Metrics, Object, Pool as Managed, PoolConfig, QueueMode, RecycleError, RecycleResult, Timeouts,
};
use dockgate_api::Gauge;

use super::PoolBounds;
use super::meter::PoolMeter;
use crate::wire::Connection;

/// An open connection.
pub(super) struct Line {
    pub(super) connection: Connection,
    born: Instant,
    used: Instant,
    _counted: Counted,
}

struct Counted(Gauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}

/// The connections of one server for one purpose.
///
/// What the pool hands out are places. Whoever has one takes the connection out of it, or makes one, and puts it back when
/// its answer is complete: a question that is given up in the middle takes its connection along.
pub(super) struct Pool {
    places: Option<Managed<Places>>,
    bounds: PoolBounds,
    waiting: AtomicUsize,
    meter: PoolMeter,
}

struct Places(PoolBounds);

/// A place for a connection, given back when dropped.
pub(super) struct Lease(Object<Places>);

impl Manager for Places {
    type Type = Option<Line>;
    type Error = ();

    async fn create(&self) -> Result<Self::Type, ()> {
        Ok(None)
    }

    async fn recycle(&self, place: &mut Self::Type, _: &Metrics) -> RecycleResult<()> {
        let now = Instant::now();
        match place {
            Some(line) if line.connection.is_usable() && !line.is_idle(self.0, now) => Ok(()),
            // Or there is none: whoever had it gave its question up.
            _ => Err(RecycleError::message("of no use any more")),
        }
    }
}

impl Line {
    fn is_idle(&self, bounds: PoolBounds, now: Instant) -> bool {
        now.saturating_duration_since(self.used) >= bounds.idle_timeout || self.is_old(bounds, now)
    }

    fn is_old(&self, bounds: PoolBounds, now: Instant) -> bool {
        now.saturating_duration_since(self.born) >= bounds.max_age
    }
}

impl Pool {
    pub(super) fn new(bounds: PoolBounds, meter: PoolMeter) -> Self {
        // The one used last is used first, so that those that are not needed grow idle.
        let config = PoolConfig {
            max_size: bounds.max_connections.max(1),
            timeouts: Timeouts::new(),
            queue_mode: QueueMode::Lifo,
        };
        // It fails without a runtime, and there is one.
        let places = Managed::builder(Places(bounds)).config(config).runtime(Runtime::Tokio1).build().ok();
        Self { places, bounds, waiting: AtomicUsize::new(0), meter }
    }

    /// A connection that was just made.
    pub(super) fn line(&self, connection: Connection) -> Line {
        let now = Instant::now();
        self.meter.open.add(1);
        Line { connection, born: now, used: now, _counted: Counted(self.meter.open.clone()) }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// At once if too many wait, and at the deadline.
    pub(super) async fn lease(&self, deadline: Instant) -> Result<Lease, Full> {
        let at_once = self.get(Duration::ZERO).await;
        if let Some(place) = at_once {
            return Ok(Lease(place));
        }
        let _waiter = Waiter::enter(self).ok_or(Full::Queue)?;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Full::Late);
        }
        self.get(left).await.map(Lease).ok_or(Full::Late)
    }

    async fn get(&self, wait: Duration) -> Option<Object<Places>> {
        let timeouts = Timeouts { wait: Some(wait), create: None, recycle: None };
        // Making a place cannot fail, and nobody closes the pool: there is none because all are taken.
        self.places.as_ref()?.timeout_get(&timeouts).await.ok()
    }

    /// Closes what nobody uses and what is older than it may be.
    pub(super) fn sweep(&self, now: Instant) {
        let bounds = self.bounds;
        self.close(|line| line.connection.is_usable() && !line.is_idle(bounds, now));
    }

    /// Closes what nobody uses now.
    pub(super) fn clear(&self) {
        self.close(|_| false);
    }

    fn close(&self, keeps: impl Fn(&Line) -> bool) {
        // They are closed here, when the pool is not locked any more.
        let keeps = |place: &Option<Line>, _| place.as_ref().is_some_and(&keeps);
        drop(self.places.as_ref().map(|places| places.retain(keeps)));
    }

    pub(super) fn bounds(&self) -> PoolBounds {
        self.bounds
    }
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// Too many wait.
    Queue,
    /// None became free in time.
    Late,
}

impl Lease {
    /// The connection in this place, if there is one.
    pub(super) fn take(&mut self) -> Option<Line> {
        (*self.0).take()
    }

    /// Puts a connection back that owes no answer.
    pub(super) fn put(mut self, mut line: Line, bounds: PoolBounds) {
        let now = Instant::now();
        if !line.connection.is_usable() || line.is_old(bounds, now) {
            return;
        }
        line.used = now;
        *self.0 = Some(line);
    }
}

/// Counted as waiting until it goes, for whatever reason.
struct Waiter<'p>(&'p Pool);

impl<'p> Waiter<'p> {
    fn enter(pool: &'p Pool) -> Option<Self> {
        let most = pool.bounds.max_queue;
        let more = |number: usize| (number < most).then(|| number + 1);
        pool.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        pool.meter.waiting.add(1);
        Some(Self(pool))
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.meter.waiting.add(-1);
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
