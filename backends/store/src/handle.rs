//! A store that is configured, and open once somebody serves with it.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use async_trait::async_trait;
use dockgate_api::{
    BackendError, BuildContext, BuildError, Call, Cursor, Filter, Health, Page, Record, Shelf, Store,
};

use crate::config::{Settings, StoreConfig};
use crate::meter::{Meter, Operation};
use crate::seal::{SealKeys, Sealed};

/// The store of a configuration. Reading a configuration opens nothing: `check` beside a running server must not fail
/// because the server holds its file.
pub struct StoreHandle {
    settings: Settings,
    seal: Option<SealKeys>,
    meter: Meter,
    /// Without the seal, and shared with a handle that differs in its seal alone: a file is opened once.
    bare: Arc<OnceLock<Arc<dyn Store>>>,
    opened: OnceLock<Arc<dyn Store>>,
}

impl StoreHandle {
    /// The store that a section describes, not open yet.
    ///
    /// # Errors
    /// What is wrong with the section.
    pub fn new(config: StoreConfig, cx: &BuildContext) -> Result<Self, BuildError> {
        let (settings, seal) = config.settings(cx)?;
        let meter = Meter::new(settings.kind(), cx.metrics().as_ref());
        Ok(Self { settings, seal, meter, bare: Arc::default(), opened: OnceLock::new() })
    }

    /// Whether both are the same store, opened in the same way: then the one that is open serves both.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.settings == other.settings && self.seal == other.seal
    }

    /// Whether both are in the same place, whatever their seals are.
    #[must_use]
    pub fn is_in_the_same_place(&self, other: &Self) -> bool {
        self.settings == other.settings
    }

    /// The same over what another one has opened, or will: see [`is_in_the_same_place`](Self::is_in_the_same_place).
    #[must_use]
    pub fn over(mut self, other: &Self) -> Self {
        self.bare = Arc::clone(&other.bare);
        self
    }

    /// `file`, `redis` or `postgres`.
    pub fn kind(&self) -> &'static str {
        self.settings.kind()
    }

    /// Whether several servers share it.
    pub fn is_shared(&self) -> bool {
        !matches!(self.settings, Settings::File(_))
    }

    /// What a key for sign-ins is made of, of the secret and of the one before: nothing can be learned from them of the
    /// secret, nor of what records are signed with. None if there is no secret.
    pub fn sign_in_secrets(&self) -> Option<([u8; 32], Option<[u8; 32]>)> {
        self.seal.as_ref().map(SealKeys::of_sign_ins)
    }

    /// Its directory, if it is a file of this server's own.
    pub fn directory(&self) -> Option<&Path> {
        match &self.settings {
            Settings::File(settings) => Some(settings.directory()),
            _ => None,
        }
    }

    /// Opens it, if it is not open. Needs no network: a server that is away is connected to when it comes back.
    ///
    /// # Errors
    /// Why it cannot be opened: a file that another process holds, that is damaged, or of a newer version.
    pub fn open(&self) -> Result<(), BuildError> {
        if self.opened.get().is_none() {
            // Configurations are opened one after another.
            let bare = match self.bare.get() {
                Some(bare) => Arc::clone(bare),
                None => Arc::clone(self.bare.get_or_init({
                    let store = self.settings.open()?;
                    || store
                })),
            };
            let store = match &self.seal {
                None => bare,
                Some(keys) => Arc::new(Sealed::new(bare, keys.clone(), self.meter.refused.clone())),
            };
            let _ = self.opened.set(store);
        }
        Ok(())
    }

    fn store(&self) -> Result<&Arc<dyn Store>, BackendError> {
        self.opened.get().ok_or_else(|| BackendError::Unavailable("the store is not open".to_owned()))
    }
}

#[async_trait]
impl Store for StoreHandle {
    async fn put(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<(), BackendError> {
        self.meter.count(Operation::Put, async { self.store()?.put(cx, shelf, record).await }).await
    }

    async fn replace(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<bool, BackendError> {
        self.meter.count(Operation::Replace, async { self.store()?.replace(cx, shelf, record).await }).await
    }

    async fn get(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        self.meter.count(Operation::Get, async { self.store()?.get(cx, shelf, key).await }).await
    }

    async fn take(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        self.meter.count(Operation::Take, async { self.store()?.take(cx, shelf, key).await }).await
    }

    async fn list(
        &self,
        cx: &Call,
        shelf: Shelf,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, BackendError> {
        self.meter
            .count(Operation::List, async { self.store()?.list(cx, shelf, filter, after, limit).await })
            .await
    }

    async fn add(
        &self,
        cx: &Call,
        shelf: Shelf,
        key: &str,
        amount: u64,
        expires_at: SystemTime,
    ) -> Result<u64, BackendError> {
        self.meter
            .count(Operation::Add, async { self.store()?.add(cx, shelf, key, amount, expires_at).await })
            .await
    }

    async fn reset(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<(), BackendError> {
        self.meter.count(Operation::Reset, async { self.store()?.reset(cx, shelf, key).await }).await
    }

    async fn health(&self, cx: &Call) -> Health {
        let health = match self.store() {
            Ok(store) => store.health(cx).await,
            Err(error) => Health::Down(error.to_string()),
        };
        self.meter.note(&health);
        health
    }
}
