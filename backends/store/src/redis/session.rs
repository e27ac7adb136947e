//! One Redis: connected to, watched, and connected to again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use super::address::Address;
use super::dial::{Driver, dial, login_failed};
use super::durability::Promises;
use super::failure;
use super::settings::Details;

/// Between a connection that failed and the next; doubled each time.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often a quiet connection is tried, so that nobody finds out later that it is gone.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often Redis is asked what it promises: it can be told otherwise at any time.
const CHECK: Duration = Duration::from_secs(30);

/// One Redis, and a task that keeps the connection to it.
pub(super) struct Node {
    pub(super) address: Address,
    state: watch::Receiver<State>,
    doubt: Arc<Notify>,
    keeper: AbortHandle,
}

#[derive(Clone)]
enum State {
    /// The first try, or the first after a connection that worked: worth waiting for.
    Connecting,
    Up(Session),
    /// Why not.
    Down(String),
}

/// A connection that works, as far as is known.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) connection: MultiplexedConnection,
    pub(super) promises: Arc<Promises>,
}

impl Node {
    /// Begins to connect.
    pub(super) fn new(address: Address, settings: Arc<Details>, runtime: &Handle) -> Self {
        let (sender, state) = watch::channel(State::Connecting);
        let doubt = Arc::new(Notify::new());
        let keeper = Keeper {
            address: address.clone(),
            settings,
            state: sender,
            doubt: Arc::clone(&doubt),
            told: None,
        };
        let keeper = runtime.spawn(keeper.keep()).abort_handle();
        Self { address, state, doubt, keeper }
    }

    /// The connection; waits while one is being made, and says why there is none.
    pub(super) async fn session(&self) -> Result<Session, String> {
        let mut state = self.state.clone();
        loop {
            match state.borrow_and_update().clone() {
                State::Up(session) => return Ok(session),
                State::Down(why) => return Err(why),
                State::Connecting => {}
            }
            if state.changed().await.is_err() {
                return Err("nobody keeps the connection any more".to_owned());
            }
        }
    }

    /// Whether there is no connection, and none is expected at once.
    pub(super) fn is_down(&self) -> bool {
        matches!(*self.state.borrow(), State::Down(_))
    }

    /// Has the connection tried now: an answer did not come.
    pub(super) fn doubt(&self) {
        self.doubt.notify_one();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

struct Keeper {
    address: Address,
    settings: Arc<Details>,
    state: watch::Sender<State>,
    doubt: Arc<Notify>,
    /// What was last said of it: each thing is said once.
    told: Option<String>,
}

impl Keeper {
    async fn keep(mut self) {
        let mut pause = SHORTEST_PAUSE;
        loop {
            let connected = timeout(self.settings.timeouts.connect, self.connect()).await;
            match connected.unwrap_or_else(|_| Err("it does not answer".to_owned())) {
                Ok((session, mut driver)) => {
                    pause = SHORTEST_PAUSE;
                    self.tell(&session.promises, true);
                    self.state.send_replace(State::Up(session.clone()));
                    let why = self.watch(session, &mut driver).await;
                    warn!(store = "redis", address = %self.address, why, "the connection is lost");
                    self.state.send_replace(State::Connecting);
                    drop(driver);
                    sleep(SHORTEST_PAUSE).await;
                }
                Err(why) => {
                    if self.told.as_ref() != Some(&why) {
                        warn!(store = "redis", address = %self.address, why, "the store cannot be reached");
                        self.told = Some(why.clone());
                    }
                    self.state.send_replace(State::Down(why));
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn connect(&self) -> Result<(Session, Work), String> {
        let (mut connection, driver) = dial(&self.address, &self.settings).await?;
        let driver = Work::start(driver);
        // Without a password this is the first question of all.
        let greeted: RedisResult<()> = redis::cmd("PING").query_async(&mut connection).await;
        greeted.map_err(|error| login_failed(&error, self.settings.tls.is_some()))?;
        let promises = promises(&mut connection, self.settings.is_cluster).await?;
        Ok((Session { connection, promises: Arc::new(promises) }, driver))
    }

    /// Returns when the connection is gone, with the reason.
    async fn watch(&mut self, mut session: Session, driver: &mut Work) -> String {
        let answer = self.settings.timeouts.answer;
        let mut checked = Instant::now();
        loop {
            tokio::select! {
                _ = &mut driver.0 => return "it closed the connection".to_owned(),
                () = self.doubt.notified() => {}
                () = sleep(HEARTBEAT) => {}
            }
            match timeout(answer, session.ping()).await {
                Err(_) => return "it does not answer".to_owned(),
                Ok(Err(error)) if error.kind() == ErrorKind::Io => return failure::text(&error),
                Ok(_) => {}
            }
            if checked.elapsed() < CHECK {
                continue;
            }
            checked = Instant::now();
            match timeout(answer, promises(&mut session.connection, self.settings.is_cluster)).await {
                Err(_) => return "it does not answer".to_owned(),
                Ok(Err(why)) => return why,
                Ok(Ok(promises)) if promises != *session.promises => {
                    self.tell(&promises, false);
                    session.promises = Arc::new(promises);
                    self.state.send_replace(State::Up(session.clone()));
                }
                Ok(Ok(_)) => {}
            }
        }
    }

    fn tell(&mut self, promises: &Promises, is_new: bool) {
        let (address, version) = (&self.address, &promises.version);
        if is_new {
            info!(store = "redis", %address, version, "the store is connected");
        }
        let complaint = promises.complaint();
        match &complaint {
            Some(why) if complaint != self.told => {
                warn!(store = "redis", %address, why, "what is answered may be lost, or is not taken");
            }
            None if !is_new => info!(store = "redis", %address, "what is answered is kept again"),
            _ => {}
        }
        self.told = complaint;
    }
}

impl Session {
    /// Whether it answers.
    pub(super) async fn ping(&mut self) -> RedisResult<()> {
        redis::cmd("PING").query_async(&mut self.connection).await
    }
}

/// A task that ends with this value.
struct Work(JoinHandle<()>);

impl Work {
    fn start(driver: Driver) -> Self {
        Self(tokio::spawn(driver))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn promises(connection: &mut MultiplexedConnection, is_cluster: bool) -> Result<Promises, String> {
    let info: Option<String> = allowed(redis::cmd("INFO").query_async(connection).await)?;
    if info.as_deref().is_some_and(|info| info.lines().any(|line| line.trim() == "loading:1")) {
        return Err("it is still reading its data".to_owned());
    }
    let mut settings: Option<HashMap<String, String>> = None;
    for key in ["appendfsync", "no-appendfsync-on-rewrite"] {
        let found: RedisResult<HashMap<String, String>> =
            redis::cmd("CONFIG").arg("GET").arg(key).query_async(connection).await;
        if let Some(found) = allowed(found)? {
            settings.get_or_insert_default().extend(found);
        }
    }
    Promises::read(info.as_deref(), settings.as_ref(), is_cluster).map_err(|error| error.to_string())
}

/// Nothing if the user may not ask, or if there is no such question.
fn allowed<T>(answer: Result<T, RedisError>) -> Result<Option<T>, String> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => match error.kind() {
            ErrorKind::Server(ServerErrorKind::NoPerm | ServerErrorKind::ResponseError) => Ok(None),
            _ => Err(failure::text(&error)),
        },
    }
}
