//! Connections that are open, and who may use them.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{
    Manager, Metrics, Object, Pool as Managed, PoolConfig, QueueMode, RecycleResult, Timeouts,
};
use dockgate_api::{BackendError, BuildError};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::Semaphore;
use tokio::time::timeout_at;

use super::server::Again;
use super::settings::PostgresSettings;
use super::trouble::{Done, Trouble};

/// What was not used for so long is asked whether it is still there: whatever stands between forgets quiet connections.
const QUIET: Duration = Duration::from_secs(10);
/// The same before what cannot be asked twice.
const QUIET_ONCE: Duration = Duration::from_secs(1);
/// How long that may take.
const PING: Duration = Duration::from_secs(1);
/// Older ones are closed after their use: names come to mean other servers.
const OLDEST: Duration = Duration::from_mins(30);
/// What nobody used for so long is closed.
const IDLE: Duration = Duration::from_mins(5);
/// Connections that are made at once: each login costs both sides a few thousand hashes.
const DIALS: usize = 4;
/// For so long nobody tries again who was not the first to fail.
const PAUSE: Duration = Duration::from_millis(500);

/// An open connection that owes no answer.
pub(super) struct Line {
    pub(super) connection: PgConnection,
    born: Instant,
    used: Instant,
}

/// Places for connections. Whoever has one takes the connection out of it, or makes one, and puts it back when its answer
/// is complete: a question that is given up in the middle takes its connection along.
pub(super) struct Pool {
    places: Managed<Places>,
    options: PgConnectOptions,
    connect_timeout: Duration,
    max_connections: usize,
    server: String,
    dials: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Connections that were last used before this may be dead.
    doubted: Option<Instant>,
    /// Why the last one that was tried came to nothing, and when.
    failed: Option<(Instant, Trouble)>,
}

struct Places;

impl Manager for Places {
    type Type = Option<Line>;
    type Error = ();

    async fn create(&self) -> Result<Self::Type, ()> {
        Ok(None)
    }

    async fn recycle(&self, _: &mut Self::Type, _: &Metrics) -> RecycleResult<()> {
        Ok(())
    }
}

/// A place, given back when dropped.
pub(super) struct Lease(Object<Places>);

impl Pool {
    pub(super) fn new(settings: &PostgresSettings) -> Result<Self, BuildError> {
        // The one used last is used first, so that those that are not needed grow idle.
        let config = PoolConfig {
            max_size: settings.max_connections,
            timeouts: Timeouts::new(),
            queue_mode: QueueMode::Lifo,
        };
        let places = Managed::builder(Places).config(config).runtime(Runtime::Tokio1).build();
        Ok(Self {
            places: places.map_err(|error| BuildError::new(error.to_string()))?,
            options: settings.options(),
            connect_timeout: settings.connect_timeout,
            max_connections: settings.max_connections,
            server: settings.name(),
            dials: Semaphore::new(DIALS),
            state: Mutex::default(),
        })
    }

    /// A connection, and the place where it goes back to.
    pub(super) async fn line(&self, deadline: Instant, again: Again) -> Result<(Lease, Line), Trouble> {
        let mut lease = self.lease(deadline).await?;
        let quiet = if again == Again::Yes { QUIET } else { QUIET_ONCE };
        if let Some(line) = (*lease.0).take()
            && let Some(line) = self.living(line, quiet, deadline).await
        {
            return Ok((lease, line));
        }
        let connection = self.connect(deadline).await?;
        let now = Instant::now();
        Ok((lease, Line { connection, born: now, used: now }))
    }

    async fn lease(&self, deadline: Instant) -> Result<Lease, Trouble> {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeouts = Timeouts { wait: Some(left), create: None, recycle: None };
        self.places.timeout_get(&timeouts).await.map(Lease).map_err(|_| {
            let most = self.max_connections;
            let why = format!("each of the {most} connections to PostgreSQL at {} was busy", self.server);
            Trouble::refused(BackendError::Timeout(why))
        })
    }

    /// The connection, if it is good for a question.
    async fn living(&self, mut line: Line, quiet: Duration, deadline: Instant) -> Option<Line> {
        let now = Instant::now();
        let doubted = self.state.lock().unwrap_or_else(PoisonError::into_inner).doubted;
        let is_doubted = doubted.is_some_and(|since| line.used <= since);
        if now.saturating_duration_since(line.born) >= OLDEST {
            return None;
        }
        if is_doubted || now.saturating_duration_since(line.used) >= quiet {
            let until = deadline.min(now.checked_add(PING).unwrap_or(now));
            timeout_at(until.into(), line.connection.ping()).await.ok()?.ok()?;
        }
        Some(line)
    }

    async fn connect(&self, deadline: Instant) -> Result<PgConnection, Trouble> {
        let late = || {
            let why = format!("PostgreSQL at {} was not connected to in time", self.server);
            Trouble::refused(BackendError::Timeout(why))
        };
        let _dial = timeout_at(deadline.into(), self.dials.acquire()).await.map_err(|_| late())?;
        let now = Instant::now();
        if let Some((_, trouble)) = self.failed().filter(|(at, _)| now.saturating_duration_since(*at) < PAUSE)
        {
            return Err(trouble);
        }
        let until = now.checked_add(self.connect_timeout).unwrap_or(now);
        let (until, is_own) = if until <= deadline { (until, true) } else { (deadline, false) };
        let trouble = match timeout_at(until.into(), self.options.connect()).await {
            Ok(Ok(connection)) => {
                self.state.lock().unwrap_or_else(PoisonError::into_inner).failed = None;
                return Ok(connection);
            }
            Ok(Err(error)) => Trouble::of(&error, &self.server),
            Err(_) => {
                let took = until.saturating_duration_since(now);
                let why = format!("no connection to PostgreSQL at {} within {took:.1?}", self.server);
                Trouble::refused(BackendError::Unavailable(why))
            }
        };
        // A connection that could not be made carried nothing out, and the next would not be made at once.
        let trouble = Trouble { done: Done::Refused, ..trouble };
        // A call with little time left says nothing about the server.
        if is_own || until < deadline {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.failed = Some((Instant::now(), trouble.clone()));
        }
        Err(trouble)
    }

    fn failed(&self) -> Option<(Instant, Trouble)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).failed.clone()
    }

    /// One connection is dead: the others are asked before they are used.
    pub(super) fn doubt(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).doubted = Some(Instant::now());
    }

    /// Closes every connection that nobody uses now.
    pub(super) fn clear(&self) {
        drop(self.places.retain(|_, _| false));
    }

    /// Closes what nobody has used for long.
    pub(super) fn tidy(&self) {
        let now = Instant::now();
        let is_used = |line: &Line| now.saturating_duration_since(line.used) < IDLE;
        drop(self.places.retain(|place, _| place.as_ref().is_some_and(is_used)));
    }
}

impl Lease {
    /// Puts a connection back that owes no answer.
    pub(super) fn put(mut self, mut line: Line) {
        line.used = Instant::now();
        *self.0 = Some(line);
    }
}
