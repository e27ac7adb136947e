//! The store of a configuration, and what of it each link sees.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

use dockgate_api::config::{KeyPath, Node, Problem};
use dockgate_api::{
    BackendError, BuildContext, Call, Cursor, Filter, Health, Owner, Page, Record, Shelf, Store, async_trait,
};
use dockgate_store::{StoreConfig, StoreHandle};

use super::token_db::{self, OfProvider};
use crate::backends::Backends;
use crate::config::Source;

/// The stores that configurations hold: one that both the serving and the next one name is opened once.
#[derive(Default)]
pub(super) struct Stores(Mutex<Vec<Weak<StoreHandle>>>);

impl Stores {
    /// The one that is held already, if it is the same.
    fn one(&self, handle: StoreHandle) -> Arc<StoreHandle> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|store| store.strong_count() > 0);
        if let Some(same) = held.iter().filter_map(Weak::upgrade).find(|store| store.is_same(&handle)) {
            return same;
        }
        let beside = held.iter().filter_map(Weak::upgrade).find(|store| store.is_in_the_same_place(&handle));
        let handle = Arc::new(match &beside {
            Some(beside) => handle.over(beside),
            None => handle,
        });
        held.push(Arc::downgrade(&handle));
        handle
    }
}

/// The `store` section, or the section of a provider in its place, and what came of it.
pub(super) struct ConfiguredStore {
    section: Node,
    path: KeyPath,
    /// Whether what is wrong is said of the path itself: the section below it has other keys than the store.
    is_of_provider: bool,
    pub(super) handle: Arc<StoreHandle>,
    /// For how long what a link says of a stored credential's owner counts.
    pub(super) recheck: std::time::Duration,
}

impl ConfiguredStore {
    /// Reads the section, or that of the first provider in docker_auth's files; none if there is none, or if something is
    /// wrong with it.
    pub(super) fn read(
        source: &Source,
        backends: &Backends,
        cx: &BuildContext,
        stores: &Stores,
        said: (&mut Vec<Problem>, &mut Vec<Problem>, &mut Vec<Problem>),
    ) -> Option<Self> {
        let (problems, warnings, notes) = said;
        let Some(entry) = source.root.get("store").filter(|entry| !entry.value.is_null()) else {
            let OfProvider { handle, section, path } =
                token_db::read(source, backends, cx, problems, warnings, notes)?;
            let handle = stores.one(handle);
            return Some(Self { section, path, is_of_provider: true, handle, recheck: StoreConfig::RECHECK });
        };
        token_db::beside(source, backends, notes);
        let (section, path) = (&entry.value, path());
        let config: StoreConfig =
            section.decode(&path).map_err(|mut found| problems.append(&mut found)).ok()?;
        let recheck = config.recheck();
        let handle = StoreHandle::new(config, cx);
        warnings.append(&mut cx.take_warnings(section, &path));
        let handle =
            handle.map_err(|error| problems.append(&mut error.into_problems(section, &path))).ok()?;
        let handle = stores.one(handle);
        Some(Self { section: section.clone(), path, is_of_provider: false, handle, recheck })
    }

    /// Opens it, if nobody did before.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub(super) fn open(&self) -> Result<(), Vec<Problem>> {
        self.handle.open().map_err(|error| {
            let mut problems = error.into_problems(&self.section, &self.path);
            if self.is_of_provider {
                for problem in &mut problems {
                    problem.path.clone_from(&self.path);
                }
            }
            problems
        })
    }

    /// A problem with what is kept in it.
    pub(super) fn problem(&self, message: String) -> Vec<Problem> {
        vec![Problem::new(self.section.location.clone(), path(), message)]
    }
}

fn path() -> KeyPath {
    KeyPath::root().key("store")
}

/// What one link sees of the store: what it has written itself.
pub(super) struct OfLink {
    store: Arc<dyn Store>,
    link: String,
}

impl OfLink {
    /// The store as this link sees it.
    pub(super) fn new(store: Arc<dyn Store>, link: &str) -> Self {
        Self { store, link: link.to_owned() }
    }

    /// No name of a link holds the character between, so that none reaches into another's.
    fn key(&self, key: &str) -> String {
        format!("{}\n{key}", self.link)
    }

    fn ours(&self, record: Option<Record>) -> Option<Record> {
        record.map(|mut record| {
            if let Some(key) = record.key.strip_prefix(&self.key("")) {
                record.key = key.to_owned();
            }
            record
        })
    }

    fn mine(&self, mut record: Record) -> Record {
        record.key = self.key(&record.key);
        let owner = record.owner.take().unwrap_or_else(|| Owner::new("", "", ""));
        record.owned_by(Owner::new(&self.link, owner.subject, owner.account))
    }
}

fn refuse_others(shelf: Shelf) -> Result<(), BackendError> {
    match shelf {
        Shelf::Backend => Ok(()),
        other => {
            Err(BackendError::Protocol(format!("a backend keeps nothing on the shelf {}", other.name())))
        }
    }
}

#[async_trait]
impl Store for OfLink {
    async fn put(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<(), BackendError> {
        refuse_others(shelf)?;
        self.store.put(cx, shelf, self.mine(record)).await
    }

    async fn replace(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<bool, BackendError> {
        refuse_others(shelf)?;
        self.store.replace(cx, shelf, self.mine(record)).await
    }

    async fn get(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        refuse_others(shelf)?;
        Ok(self.ours(self.store.get(cx, shelf, &self.key(key)).await?))
    }

    async fn take(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        refuse_others(shelf)?;
        Ok(self.ours(self.store.take(cx, shelf, &self.key(key)).await?))
    }

    async fn list(
        &self,
        cx: &Call,
        shelf: Shelf,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, BackendError> {
        refuse_others(shelf)?;
        let mut filter = filter.clone();
        filter.link = Some(self.link.clone());
        let page = self.store.list(cx, shelf, &filter, after, limit).await?;
        let records = page.records.into_iter().filter_map(|record| self.ours(Some(record))).collect();
        Ok(Page::new(records, page.next))
    }

    async fn add(
        &self,
        cx: &Call,
        shelf: Shelf,
        key: &str,
        amount: u64,
        expires_at: SystemTime,
    ) -> Result<u64, BackendError> {
        refuse_others(shelf)?;
        self.store.add(cx, shelf, &self.key(key), amount, expires_at).await
    }

    async fn reset(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<(), BackendError> {
        refuse_others(shelf)?;
        self.store.reset(cx, shelf, &self.key(key)).await
    }

    async fn health(&self, cx: &Call) -> Health {
        self.store.health(cx).await
    }
}
