//! The suite for [`Store`]s, and a store in memory.
//!
//! It may run on a server that others use: it writes under random keys and links, looks at nothing else, and takes away
//! what it wrote. Time is the calls': neither the store's clock nor the machine's is the one that counts.

mod at_once;
mod counters;
mod data;
mod lists;
mod memory;
mod paging;
mod records;
pub mod rules;
pub mod survival;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dockgate_api::{BackendError, Call, Cursor, Filter, Health, Page, Record, Shelf, Store};

use self::data::Data;
pub use self::memory::MemoryStore;
use crate::fakes::{call_at, noon};
use crate::run::{Outcome, run};
use crate::{Report, Rule};

/// Longer than a suite takes, so that no clock but the calls' can end a record meanwhile.
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The smallest step of a store's time.
const TICK: Duration = Duration::from_millis(1);
/// Further from [`noon`] than any server's clock.
const DECADES: Duration = Duration::from_secs(50 * 365 * 24 * 3600);

/// Holds a store to the contract; needs a tokio runtime with time enabled, better one with several threads.
///
/// # Panics
/// With every broken rule.
pub async fn conformance(store: Arc<dyn Store>) -> Report {
    check(store).await.or_panic("the store")
}

/// The same without the panic: what is wrong stands in the report.
pub async fn check(store: Arc<dyn Store>) -> Report {
    let mut suite = Suite { store, data: Data::new(), now: noon(), report: Report::default() };
    suite.records().await;
    suite.lists().await;
    suite.paging().await;
    suite.counters().await;
    suite.at_once().await;
    suite.late().await;
    suite.health().await;
    // Last, and never back: a store may sweep by the latest time that it was told, and do so after its answer.
    for now in [noon(), noon() + DECADES] {
        suite.now = now;
        suite.expiry().await;
        suite.now = now + DAY;
        suite.counters_end().await;
    }
    suite.clean().await;
    suite.report
}

struct Suite {
    store: Arc<dyn Store>,
    data: Data,
    now: SystemTime,
    report: Report,
}

impl Suite {
    fn call(&self) -> Call {
        call_at(self.now)
    }

    /// Asks, and holds whatever comes back to the rules that count for every answer.
    async fn ask<T, F>(&mut self, what: &str, question: impl FnOnce(Arc<dyn Store>) -> F) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, BackendError>> + Send + 'static,
    {
        let answer = self.outcome(what, question).await?;
        self.demand(&rules::NO_ERROR, answer.is_ok(), || {
            format!("{what}: {}", answer.as_ref().err().map_or_else(String::new, ToString::to_string))
        });
        answer.ok()
    }

    /// The same where an error is an answer.
    async fn outcome<T, F>(
        &mut self,
        what: &str,
        question: impl FnOnce(Arc<dyn Store>) -> F,
    ) -> Option<Result<T, BackendError>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, BackendError>> + Send + 'static,
    {
        let outcome = run(question(Arc::clone(&self.store))).await;
        self.demand(&rules::NO_PANIC, !matches!(outcome, Outcome::Panicked), || what.to_owned());
        self.demand(&rules::PROMPT, !matches!(outcome, Outcome::Hung), || what.to_owned());
        outcome.answered()
    }

    async fn put(&mut self, shelf: Shelf, record: &Record) {
        self.put_by(self.call(), shelf, record).await;
    }

    async fn put_by(&mut self, cx: Call, shelf: Shelf, record: &Record) {
        self.data.wrote(shelf, &record.key);
        let record = record.clone();
        self.ask("put", |store| async move { store.put(&cx, shelf, record).await }).await;
    }

    async fn replace(&mut self, shelf: Shelf, record: &Record) -> Option<bool> {
        self.replace_by(self.call(), shelf, record).await
    }

    async fn replace_by(&mut self, cx: Call, shelf: Shelf, record: &Record) -> Option<bool> {
        let record = record.clone();
        self.ask("replace", |store| async move { store.replace(&cx, shelf, record).await }).await
    }

    async fn get(&mut self, shelf: Shelf, key: &str) -> Option<Option<Record>> {
        self.get_by(self.call(), shelf, key).await
    }

    async fn get_by(&mut self, cx: Call, shelf: Shelf, key: &str) -> Option<Option<Record>> {
        let key = key.to_owned();
        self.ask("get", |store| async move { store.get(&cx, shelf, &key).await }).await
    }

    async fn take(&mut self, shelf: Shelf, key: &str) -> Option<Option<Record>> {
        self.take_by(self.call(), shelf, key).await
    }

    async fn take_by(&mut self, cx: Call, shelf: Shelf, key: &str) -> Option<Option<Record>> {
        let key = key.to_owned();
        self.ask("take", |store| async move { store.take(&cx, shelf, &key).await }).await
    }

    async fn page(
        &mut self,
        cx: &Call,
        shelf: Shelf,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Option<Page> {
        let (cx, filter, after) = (cx.clone(), filter.clone(), after.cloned());
        self.ask("list", |store| async move { store.list(&cx, shelf, &filter, after.as_ref(), limit).await })
            .await
    }

    async fn add(&mut self, shelf: Shelf, key: &str, amount: u64, expires_at: SystemTime) -> Option<u64> {
        self.add_by(self.call(), shelf, key, amount, expires_at).await
    }

    async fn add_by(
        &mut self,
        cx: Call,
        shelf: Shelf,
        key: &str,
        amount: u64,
        end: SystemTime,
    ) -> Option<u64> {
        self.data.counted(shelf, key);
        let key = key.to_owned();
        self.ask("add", |store| async move { store.add(&cx, shelf, &key, amount, end).await }).await
    }

    async fn reset(&mut self, shelf: Shelf, key: &str) {
        let (cx, key) = (self.call(), key.to_owned());
        self.ask("reset", |store| async move { store.reset(&cx, shelf, &key).await }).await;
    }

    async fn health(&mut self) {
        let cx = self.call();
        let health = self.ask("health", |store| async move { Ok(store.health(&cx).await) }).await;
        let down = matches!(health, Some(Health::Down(_)));
        self.demand(&rules::HEALTH, !down, || format!("{health:?}"));
    }

    async fn clean(&mut self) {
        // At a time at which everything that was written is there.
        self.now = SystemTime::UNIX_EPOCH;
        for (shelf, key) in self.data.written() {
            self.take(shelf, &key).await;
        }
        for (shelf, key) in self.data.counters() {
            self.reset(shelf, &key).await;
        }
    }

    fn demand(&mut self, rule: &Rule, holds: bool, how: impl FnOnce() -> String) {
        self.report.demand(rule, holds, how);
    }

    /// Demands that a key has this record, or none.
    async fn expect(&mut self, rule: &Rule, shelf: Shelf, key: &str, expected: Option<&Record>, when: &str) {
        let found = self.get(shelf, key).await;
        self.demand(rule, found.as_ref().is_some_and(|found| found.as_ref() == expected), || {
            format!("{when}: {}", data::difference(found.flatten().as_ref(), expected))
        });
    }
}
