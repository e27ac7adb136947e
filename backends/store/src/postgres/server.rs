//! One server, asked until it answers or the time is over.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dockgate_api::{BackendError, BuildError};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Postgres};
use tokio::sync::watch;
use tokio::time::timeout_at;

use super::layout;
use super::parameter::{Parameter, arguments};
use super::pool::Pool;
use super::promises::Promises;
use super::settings::PostgresSettings;
use super::statements::Statements;
use super::trouble::{Done, Trouble};

/// How often one question is asked.
const TRIES: usize = 4;
/// For the tables, which may be large when a later release adds to them.
const PREPARING: Duration = Duration::from_mins(5);

/// What may be done about a connection that broke while a statement was on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// Asking twice is the same as asking once.
    Yes,
    /// It may have been done: only what certainly was not is asked again.
    No,
}

/// Nothing until it is known how it ended.
type Preparation = watch::Receiver<Option<Result<(), BackendError>>>;

/// A server, its connections, and what is known of its tables.
pub(super) struct Server {
    pub(super) name: String,
    pub(super) schema: String,
    pub(super) statements: Statements,
    pub(super) pool: Pool,
    timeout: Duration,
    is_prepared: bool,
    has_tables: AtomicBool,
    /// Somebody looks after the tables, for all who wait.
    preparing: Mutex<Option<Preparation>>,
    /// When was last swept, in milliseconds since 1970.
    pub(super) swept: AtomicU64,
}

impl Server {
    pub(super) fn new(settings: &PostgresSettings) -> Result<Arc<Self>, BuildError> {
        Ok(Arc::new(Self {
            name: settings.name(),
            schema: settings.schema.clone(),
            statements: Statements::new(&settings.schema),
            pool: Pool::new(settings)?,
            timeout: settings.timeout,
            is_prepared: settings.prepared_statements,
            has_tables: AtomicBool::new(false),
            preparing: Mutex::new(None),
            swept: AtomicU64::new(0),
        }))
    }

    /// The rows that a statement gives.
    pub(super) async fn ask(
        self: &Arc<Self>,
        wanted_by: Instant,
        sql: &Arc<str>,
        parameters: &[Parameter<'_>],
        again: Again,
    ) -> Result<Vec<PgRow>, BackendError> {
        let now = Instant::now();
        let deadline = wanted_by.min(now.checked_add(self.timeout).unwrap_or(now));
        self.ready(deadline).await?;
        let mut tries = 0;
        loop {
            tries += 1;
            let trouble = match self.attempt(deadline, sql, parameters, again).await {
                Ok(rows) => return Ok(rows),
                Err(trouble) => trouble,
            };
            if trouble.is_tableless {
                self.has_tables.store(false, Ordering::Release);
            }
            let may = match trouble.done {
                Done::Refused => false,
                Done::NotYet => true,
                Done::Unknown => again == Again::Yes,
            };
            if !may || tries == TRIES || Instant::now() >= deadline {
                return Err(trouble.error);
            }
        }
    }

    async fn attempt(
        &self,
        deadline: Instant,
        sql: &Arc<str>,
        parameters: &[Parameter<'_>],
        again: Again,
    ) -> Result<Vec<PgRow>, Trouble> {
        let (lease, mut line) = self.pool.line(deadline, again).await?;
        let asked = self.execute(&mut line.connection, sql, parameters);
        // Given up in the middle, the connection is dropped: it owes an answer that nobody wants.
        let Ok(answer) = timeout_at(deadline.into(), asked).await else {
            self.pool.doubt();
            let why = format!("PostgreSQL at {} did not answer in time", self.name);
            return Err(Trouble::refused(BackendError::Timeout(why)));
        };
        match answer {
            Ok(rows) => {
                lease.put(line);
                Ok(rows)
            }
            Err(error) => {
                let trouble = Trouble::of(&error, &self.name);
                if trouble.is_read_only {
                    self.pool.clear();
                } else if trouble.done == Done::Unknown {
                    self.pool.doubt();
                }
                Err(trouble)
            }
        }
    }

    /// Prepared, a statement is a transaction of its own. If not, it takes one to stay on one connection of a pooler.
    async fn execute(
        &self,
        connection: &mut PgConnection,
        sql: &Arc<str>,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let arguments = arguments(parameters).map_err(sqlx::Error::Encode)?;
        let query = sqlx::query_with::<Postgres, _>(AssertSqlSafe(Arc::clone(sql)), arguments);
        if self.is_prepared {
            return query.fetch_all(connection).await;
        }
        sqlx::raw_sql("BEGIN").execute(&mut *connection).await?;
        let rows = query.persistent(false).fetch_all(&mut *connection).await?;
        sqlx::raw_sql("COMMIT").execute(connection).await?;
        Ok(rows)
    }

    /// Waits until the tables are there. It goes on when nobody waits any more.
    pub(super) async fn ready(self: &Arc<Self>, deadline: Instant) -> Result<(), BackendError> {
        if self.has_tables.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut outcome = self.preparation();
        let waited = timeout_at(deadline.into(), outcome.wait_for(Option::is_some)).await;
        match waited {
            Ok(Ok(outcome)) => outcome.clone().unwrap_or(Ok(())),
            Ok(Err(_)) => Err(BackendError::Unavailable("the store is being closed".to_owned())),
            Err(_) => {
                Err(BackendError::Timeout(format!("PostgreSQL at {} did not answer in time", self.name)))
            }
        }
    }

    fn preparation(self: &Arc<Self>) -> Preparation {
        let mut preparing = self.preparing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) =
            preparing.as_ref().filter(|it| it.borrow().is_none() && it.has_changed().is_ok())
        {
            return under_way.clone();
        }
        let (told, outcome) = watch::channel(None);
        let server = Arc::clone(self);
        tokio::spawn(async move {
            let prepared = server.prepare().await;
            server.has_tables.store(prepared.is_ok(), Ordering::Release);
            // Nobody may wait any more.
            let _ = told.send(Some(prepared));
        });
        *preparing = Some(outcome.clone());
        outcome
    }

    async fn prepare(&self) -> Result<(), BackendError> {
        let now = Instant::now();
        let deadline = now.checked_add(PREPARING).unwrap_or(now);
        let (lease, mut line) = self.pool.line(deadline, Again::No).await.map_err(|trouble| trouble.error)?;
        let ensured = layout::ensure(&mut line.connection, &self.schema, &self.name);
        let late = |_| BackendError::Timeout(format!("the tables at {} were not ready in time", self.name));
        timeout_at(deadline.into(), ensured).await.map_err(late)?.map_err(|trouble| trouble.error)?;
        let promises = self.execute(&mut line.connection, &self.statements.promises, &[]);
        let promises = timeout_at(deadline.into(), promises).await.map_err(late)?;
        match promises.and_then(|rows| rows.first().map_or_else(|| Ok(Promises::default()), Promises::of)) {
            Ok(promises) => self.tell(&promises),
            Err(error) => return Err(Trouble::of(&error, &self.name).error),
        }
        lease.put(line);
        Ok(())
    }

    fn tell(&self, promises: &Promises) {
        let server = self.name.as_str();
        for missing in &promises.missing {
            tracing::warn!(server, "the store does not promise to keep what it was given: {missing}");
        }
        if promises.is_raised {
            tracing::info!(
                server,
                "`synchronous_commit` is off there: it is switched on for what dockgate writes"
            );
        }
        if promises.is_read_only {
            tracing::warn!(
                server,
                "the store can only be read: it is a standby, or its transactions are read-only"
            );
        }
    }
}
