//! Many at once.

use std::sync::Arc;

use dockgate_api::{BackendError, Call, Filter, Owner, Record, Shelf, Store};
use tokio::task::JoinHandle;

use super::{HOUR, Suite, rules};

const SHELF: Shelf = Shelf::SignIns;
/// How many ask at once.
const AT_ONCE: usize = 64;
/// How often whatever only a race shows is tried.
const ROUNDS: usize = 12;

impl Suite {
    pub(super) async fn at_once(&mut self) {
        self.take_at_once().await;
        self.replace_and_take_at_once().await;
        self.add_at_once().await;
        self.mixed_at_once().await;
    }

    async fn collect<T: Send + 'static>(&mut self, asked: JoinHandle<Result<T, BackendError>>) -> Option<T> {
        self.ask("one of many calls", |_| async move {
            asked.await.map_err(|_| BackendError::Protocol("it panicked".to_owned()))?
        })
        .await
    }

    async fn take_at_once(&mut self) {
        for _ in 0..ROUNDS {
            let record = self.data.record(self.now);
            self.put(SHELF, &record).await;
            let takers: Vec<_> = (0..16)
                .map(|_| {
                    let (store, cx, key) = (Arc::clone(&self.store), self.call(), record.key.clone());
                    tokio::spawn(async move { store.take(&cx, SHELF, &key).await })
                })
                .collect();
            let mut got = 0;
            for taker in takers {
                got += usize::from(self.collect(taker).await.flatten().is_some());
            }
            self.demand(&rules::TAKE_ONCE, got == 1, || format!("{got} of 16 got it"));
        }
    }

    async fn replace_and_take_at_once(&mut self) {
        for _ in 0..ROUNDS {
            let record = self.data.record(self.now);
            self.put(SHELF, &record).await;
            let replacers: Vec<_> = (0..8)
                .map(|_| {
                    let (store, cx, record) = (Arc::clone(&self.store), self.call(), record.clone());
                    tokio::spawn(async move { store.replace(&cx, SHELF, record).await })
                })
                .collect();
            let (store, cx, key) = (Arc::clone(&self.store), self.call(), record.key.clone());
            let taker = tokio::spawn(async move { store.take(&cx, SHELF, &key).await });
            let taken = self.collect(taker).await.flatten().is_some();
            for replacer in replacers {
                self.collect(replacer).await;
            }
            self.demand(&rules::TAKE, taken, || "nothing, while it was replaced".to_owned());
            self.expect(&rules::NO_RETURN, SHELF, &record.key, None, "replaced and taken at once").await;
        }
    }

    async fn add_at_once(&mut self) {
        let key = self.data.name("counter");
        self.data.counted(SHELF, &key);
        let adders: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (store, cx, key) = (Arc::clone(&self.store), self.call(), key.clone());
                tokio::spawn(async move { store.add(&cx, SHELF, &key, 1, cx.now() + HOUR).await })
            })
            .collect();
        let mut values = Vec::new();
        for adder in adders {
            values.extend(self.collect(adder).await);
        }
        values.sort_unstable();
        let expected: Vec<u64> = (1..).take(AT_ONCE).collect();
        self.demand(&rules::ADD_ALL, values == expected, || format!("{AT_ONCE} who add 1 get {values:?}"));
    }

    async fn mixed_at_once(&mut self) {
        self.report.begin(&rules::CONCURRENT);
        let (owner, counter) = (self.data.owner(), self.data.name("counter"));
        self.data.counted(SHELF, &counter);
        let mut callers = Vec::new();
        let mut kept = 0;
        for number in 0..AT_ONCE {
            let record = self.data.record(self.now).owned_by(owner.clone());
            self.data.wrote(SHELF, &record.key);
            let keeps = number % 2 == 0;
            kept += usize::from(keeps);
            let caller = Caller {
                store: Arc::clone(&self.store),
                cx: self.call(),
                record,
                owner: owner.clone(),
                counter: counter.clone(),
            };
            callers.push(tokio::spawn(caller.run(keeps)));
        }
        for caller in callers {
            let wrong = self.collect(caller).await.flatten();
            self.demand(&rules::CONCURRENT, wrong.is_none(), || {
                format!("{} was answered otherwise than alone", wrong.unwrap_or_default())
            });
        }
        let listed = self.listed(SHELF, &Filter::owned_by(&owner), 7).await.len();
        self.demand(&rules::CONCURRENT, listed == kept, || format!("{listed} of {kept} records afterwards"));
        let total = self.add(SHELF, &counter, 0, self.now + HOUR).await;
        self.demand(&rules::ADD_ALL, total == Some(3 * AT_ONCE as u64), || format!("{total:?} in all"));
    }
}

/// One of many, with a key of its own.
struct Caller {
    store: Arc<dyn Store>,
    cx: Call,
    record: Record,
    owner: Owner,
    counter: String,
}

impl Caller {
    /// What was answered wrongly, if anything.
    async fn run(self, keeps: bool) -> Result<Option<&'static str>, BackendError> {
        let Self { store, cx, record, owner, counter } = self;
        let key = record.key.as_str();
        let mut changed = record.clone();
        changed.value = b"changed".to_vec();
        if store.replace(&cx, SHELF, record.clone()).await? {
            return Ok(Some("replace before put"));
        }
        store.put(&cx, SHELF, record.clone()).await?;
        if store.get(&cx, SHELF, key).await?.as_ref() != Some(&record) {
            return Ok(Some("get after put"));
        }
        store.add(&cx, SHELF, &counter, 1, cx.now() + HOUR).await?;
        if !store.replace(&cx, SHELF, changed.clone()).await? {
            return Ok(Some("replace after put"));
        }
        let page = store.list(&cx, SHELF, &Filter::owned_by(&owner), None, usize::MAX).await?;
        if page.next.is_none() && !page.records.contains(&changed) {
            return Ok(Some("list after replace"));
        }
        if store.take(&cx, SHELF, key).await?.as_ref() != Some(&changed) {
            return Ok(Some("take after replace"));
        }
        if store.get(&cx, SHELF, key).await?.is_some() {
            return Ok(Some("get after take"));
        }
        if keeps {
            store.put(&cx, SHELF, record.clone()).await?;
        }
        store.add(&cx, SHELF, &counter, 2, cx.now() + HOUR).await?;
        Ok(None)
    }
}
