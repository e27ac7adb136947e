//! The contract, step by step.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use dockgate_api::{BackendError, Call, Cursor, Filter, Health, Page, Record, Shelf, Store};
use redis::FromRedisValue;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};

use super::address::Address;
use super::durability::{Durability, Promises};
use super::failure::{Verdict, backend_error, verdict};
use super::nodes::Nodes;
use super::scripts::{self, Question};
use super::session::Node;
use super::settings::Details;
use crate::record::{decode, is_over};

/// Questions at once; further ones get 503 with Retry-After.
const MOST_AT_ONCE: usize = 1024;
const OVERLOADED_FOR: Duration = Duration::from_secs(1);
/// A cluster sends a question on at most so often.
const MOST_TURNS: usize = 8;
/// Until a cluster that has no answer yet is asked again.
const CLUSTER_PAUSE: Duration = Duration::from_millis(50);
/// Records of one step of a list: nobody else is served meanwhile.
const LEAST_STEP: usize = 16;
const LARGEST_STEP: usize = 128;

/// Redis, or a cluster of it.
pub(super) struct RedisStore {
    settings: Arc<Details>,
    nodes: Nodes,
    places: Semaphore,
}

/// What an answer is worth.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It may be asked again.
    Read,
    /// It must hold.
    Write,
    /// It is a pity if it does not.
    Count,
}

impl RedisStore {
    /// Begins to connect.
    pub(super) fn open(settings: Arc<Details>, runtime: &Handle) -> Self {
        let nodes = Nodes::new(Arc::clone(&settings), runtime);
        Self { settings, nodes, places: Semaphore::new(MOST_AT_ONCE) }
    }

    /// How the keys of a shelf begin. What stands in braces decides over the slot.
    fn base(&self, shelf: Shelf) -> String {
        format!("{}{{{}}}:", self.settings.prefix, shelf.name())
    }

    /// Asks whoever has a shelf; without one, whoever the members of the cluster say.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        cx: &Call,
        shelf: impl Into<Option<Shelf>>,
        kind: Kind,
        question: &Question,
    ) -> Result<T, BackendError> {
        let _place = self.places.try_acquire().map_err(|_| BackendError::Overloaded {
            detail: format!("{MOST_AT_ONCE} questions wait for Redis"),
            retry_after: OVERLOADED_FOR,
        })?;
        let late = || BackendError::Timeout("Redis gave no answer in time".to_owned());
        if cx.remaining().is_zero() {
            return Err(late());
        }
        let deadline = Instant::from_std(cx.deadline()).min(Instant::now() + self.settings.timeouts.answer);
        timeout_at(deadline, self.find_and_ask(shelf.into(), kind, question))
            .await
            .unwrap_or_else(|_| Err(late()))
    }

    async fn find_and_ask<T: FromRedisValue>(
        &self,
        shelf: Option<Shelf>,
        kind: Kind,
        question: &Question,
    ) -> Result<T, BackendError> {
        let mut asked = Vec::new();
        let mut next = None;
        let mut why = BackendError::Unavailable("no Redis is known that could be asked".to_owned());
        let mut asking = false;
        for _ in 0..MOST_TURNS {
            let Some(node) = next.take().or_else(|| self.nodes.of(shelf, &asked)) else { break };
            let mut session = match node.session().await {
                Ok(session) => session,
                Err(reason) => {
                    why = BackendError::Unavailable(format!("Redis at {}: {reason}", node.address));
                    asked.push(node);
                    continue;
                }
            };
            if kind == Kind::Write {
                self.refuse_where_it_may_be_lost(&node, &session.promises)?;
            }
            let doubt = Doubt(Some(&node));
            let answer = question.send(&mut session.connection, asking).await;
            doubt.settle();
            asking = false;
            let error = match answer {
                Ok(answer) => {
                    self.nodes.has(shelf, &node);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            why = backend_error(&node.address, &error);
            match verdict(&error) {
                Verdict::Moved(to) if self.settings.is_cluster => {
                    let address = Address::of_redirect(&to, &node.address).ok_or_else(|| why.clone())?;
                    let node = self.nodes.at(address);
                    self.nodes.has(shelf, &node);
                    asked.clear();
                    next = Some(node);
                }
                Verdict::Ask(to) if self.settings.is_cluster => {
                    let address = Address::of_redirect(&to, &node.address).ok_or_else(|| why.clone())?;
                    next = Some(self.nodes.at(address));
                    asking = true;
                }
                Verdict::Again if self.settings.is_cluster => {
                    sleep(CLUSTER_PAUSE).await;
                    next = Some(node);
                }
                Verdict::Broken => {
                    node.doubt();
                    if kind != Kind::Read {
                        return Err(why);
                    }
                    // The keeper sees the end of the connection a moment later than those who waited on it.
                    sleep(CLUSTER_PAUSE).await;
                    next = Some(node);
                }
                _ => return Err(why),
            }
        }
        Err(why)
    }

    fn refuse_where_it_may_be_lost(&self, node: &Node, promises: &Promises) -> Result<(), BackendError> {
        if self.settings.durability == Durability::BestEffort || promises.gaps.is_empty() {
            return Ok(());
        }
        Err(BackendError::Unavailable(format!(
            "Redis at {} does not promise to keep what is written: {}. Or write `durability: best_effort`",
            node.address,
            promises.gaps.join("; ")
        )))
    }

    async fn write(
        &self,
        cx: &Call,
        shelf: Shelf,
        record: &Record,
        replace: bool,
    ) -> Result<bool, BackendError> {
        let question = scripts::put(&self.base(shelf), cx.now(), replace, record)?;
        self.ask(cx, shelf, Kind::Write, &question).await
    }
}

#[async_trait]
impl Store for RedisStore {
    async fn put(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<(), BackendError> {
        self.write(cx, shelf, &record, false).await.map(drop)
    }

    async fn replace(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<bool, BackendError> {
        self.write(cx, shelf, &record, true).await
    }

    async fn get(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        let question = scripts::get(&self.base(shelf), key);
        let found: Option<Vec<u8>> = self.ask(cx, shelf, Kind::Read, &question).await?;
        let record = found.map(|text| decode(key, &text)).transpose()?;
        Ok(record.filter(|record| !is_over(record.expires_at, cx.now())))
    }

    async fn take(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        let question = scripts::take(&self.base(shelf), cx.now(), key);
        let found: Option<Vec<u8>> = self.ask(cx, shelf, Kind::Write, &question).await?;
        found.map(|text| decode(key, &text)).transpose()
    }

    async fn list(
        &self,
        cx: &Call,
        shelf: Shelf,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, BackendError> {
        let (base, step) = (self.base(shelf), limit.clamp(LEAST_STEP, LARGEST_STEP));
        let mut records: Vec<Record> = Vec::new();
        let mut from = after.map(|cursor| cursor.0.clone());
        while records.len() < limit {
            let question = scripts::list(&base, filter, from.as_deref(), step);
            let (last, found): (Option<String>, Vec<(String, Vec<u8>)>) =
                self.ask(cx, shelf, Kind::Read, &question).await?;
            let mut found = found.into_iter();
            for (key, text) in found.by_ref() {
                match decode(&key, &text) {
                    Ok(record) if filter.fits(&record) && !is_over(record.expires_at, cx.now()) => {
                        records.push(record);
                    }
                    Ok(_) => {}
                    // One that somebody spoilt must not hide the others.
                    Err(error) => {
                        tracing::error!(shelf = shelf.name(), %error, "a record is left out of a list");
                    }
                }
                if records.len() == limit {
                    let is_more = found.len() > 0 || last.is_some();
                    return Ok(Page::new(records, is_more.then_some(Cursor(key))));
                }
            }
            if last.is_none() {
                break;
            }
            from = last;
        }
        Ok(Page::new(records, None))
    }

    async fn add(
        &self,
        cx: &Call,
        shelf: Shelf,
        key: &str,
        amount: u64,
        expires_at: SystemTime,
    ) -> Result<u64, BackendError> {
        let question = scripts::add(&self.base(shelf), cx.now(), key, amount, expires_at);
        self.ask(cx, shelf, Kind::Count, &question).await
    }

    async fn reset(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<(), BackendError> {
        self.ask(cx, shelf, Kind::Count, &scripts::reset(&self.base(shelf), key)).await
    }

    async fn health(&self, cx: &Call) -> Health {
        let limit = Instant::from_std(cx.deadline()).min(Instant::now() + self.settings.timeouts.answer);
        let nodes = self.nodes.all();
        let (mut down, mut complaints) = (Vec::new(), Vec::new());
        for node in &nodes {
            let asked = timeout_at(limit, async {
                let mut session = node.session().await?;
                session.ping().await.map_err(|error| super::failure::text(&error))?;
                Ok(session.promises)
            });
            match asked.await.unwrap_or_else(|_| Err("it does not answer".to_owned())) {
                Ok(promises) => {
                    complaints.extend(
                        promises.complaint().map(|text| format!("Redis at {}: {text}", node.address)),
                    );
                }
                Err(why) => down.push(format!("Redis at {}: {why}", node.address)),
            }
        }
        if down.len() == nodes.len() {
            return Health::Down(down.join("; "));
        }
        down.append(&mut complaints);
        if down.is_empty() { Health::Up } else { Health::Degraded(down.join("; ")) }
    }
}

/// Has the connection tried if nobody waits for the answer any longer.
struct Doubt<'a>(Option<&'a Node>);

impl Doubt<'_> {
    fn settle(mut self) {
        self.0 = None;
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if let Some(node) = self.0 {
            node.doubt();
        }
    }
}
