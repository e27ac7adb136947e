//! From a section of the configuration file to a backend.

mod files;

use std::any::Any;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::config::{KeyPath, Node, Problem, Remark};
use crate::dialect::{Dialect, LabelValues};
use crate::{
    BuildError, Clock, FileWatcher, HttpClient, HttpSettings, HttpSettingsError, Kept, Metrics, Outbound,
    Passwords, Random, Spawner, Store,
};

/// A typed configuration that makes a backend: the config struct is the factory.
pub trait Configure<B: ?Sized>: DeserializeOwned + JsonSchema {
    /// Whether label values of this backend act as patterns in rules where the configuration does not say: only for
    /// values that an administrator writes.
    fn label_values(_dialect: Dialect) -> LabelValues {
        LabelValues::Literal
    }

    /// Makes the backend. Must not need the network: a server starts while its directory is down.
    ///
    /// # Errors
    /// What is wrong with the configuration, with the place where the backend knows it.
    fn build(self, cx: &BuildContext) -> Result<Arc<B>, BuildError>;
}

/// What a backend is handed while it is made.
pub struct BuildContext {
    link: String,
    dialect: Dialect,
    given: Given,
    warnings: Mutex<Vec<Remark>>,
    notes: Mutex<Vec<Remark>>,
}

/// What every link is given alike.
#[derive(Clone)]
struct Given {
    base_dir: PathBuf,
    offline: bool,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    spawner: Arc<dyn Spawner>,
    metrics: Arc<dyn Metrics>,
    passwords: Arc<dyn Passwords>,
    file_watcher: Option<Arc<dyn FileWatcher>>,
    outbound: Option<Arc<dyn Outbound>>,
    store: Option<Arc<dyn Store>>,
    kept: Arc<Kept>,
    identity_links: Option<Arc<[String]>>,
    files_read: Arc<Mutex<Vec<PathBuf>>>,
}

impl BuildContext {
    /// A context in docker_auth's dialect without file watcher, HTTP client and store, rooted at the current directory.
    pub fn new(
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        spawner: Arc<dyn Spawner>,
        metrics: Arc<dyn Metrics>,
        passwords: Arc<dyn Passwords>,
    ) -> Self {
        let given = Given {
            base_dir: PathBuf::from("."),
            offline: false,
            clock,
            random,
            spawner,
            metrics,
            passwords,
            file_watcher: None,
            outbound: None,
            store: None,
            kept: Arc::default(),
            identity_links: None,
            files_read: Arc::default(),
        };
        Self {
            link: String::new(),
            dialect: Dialect::DockerAuth,
            given,
            warnings: Mutex::default(),
            notes: Mutex::default(),
        }
    }

    /// The same for a link of a name, in a dialect; its warnings start empty.
    #[must_use]
    pub fn for_link(&self, link: impl Into<String>, dialect: Dialect) -> Self {
        Self {
            link: link.into(),
            dialect,
            given: self.given.clone(),
            warnings: Mutex::default(),
            notes: Mutex::default(),
        }
    }

    /// The same with relative file names resolved against a directory.
    #[must_use]
    pub fn with_base_dir(mut self, base_dir: impl Into<PathBuf>) -> Self {
        self.given.base_dir = base_dir.into();
        self
    }

    /// The same for a check that must do without secrets, programs, keys and network.
    #[must_use]
    pub fn with_offline(mut self, offline: bool) -> Self {
        self.given.offline = offline;
        self
    }

    /// The same with metrics of its own.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Arc<dyn Metrics>) -> Self {
        self.given.metrics = metrics;
        self
    }

    /// The same with somebody who watches files.
    #[must_use]
    pub fn with_file_watcher(mut self, file_watcher: Arc<dyn FileWatcher>) -> Self {
        self.given.file_watcher = Some(file_watcher);
        self
    }

    /// The same with somebody who makes clients for other servers.
    #[must_use]
    pub fn with_outbound(mut self, outbound: Arc<dyn Outbound>) -> Self {
        self.given.outbound = Some(outbound);
        self
    }

    /// The same beside other configurations, of which things are kept.
    #[must_use]
    pub fn with_kept(mut self, kept: Arc<Kept>) -> Self {
        self.given.kept = kept;
        self
    }

    /// The same with a store.
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn Store>) -> Self {
        self.given.store = Some(store);
        self
    }

    /// The same with the names of the links that say who somebody is, for those that say what they may do.
    #[must_use]
    pub fn with_identity_links(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.given.identity_links = Some(names.into_iter().collect());
        self
    }

    /// The name of the link that is being made.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// The names that [`Identity::link`](crate::Identity::link) can have, where that is known.
    pub fn identity_links(&self) -> Option<&[String]> {
        self.given.identity_links.as_deref()
    }

    /// Where a file name of the configuration points: relative ones are relative to the configuration's directory
    /// in lists, and to the working directory in docker_auth's flat form.
    pub fn resolve(&self, path: impl AsRef<Path>) -> PathBuf {
        self.given.base_dir.join(path)
    }

    /// Whose meaning counts where docker_auth's and ours differ.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether to do without secrets, programs, keys and network.
    pub fn offline(&self) -> bool {
        self.given.offline
    }

    /// The clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.given.clock)
    }

    /// Randomness.
    pub fn random(&self) -> Arc<dyn Random> {
        Arc::clone(&self.given.random)
    }

    /// Background tasks.
    pub fn spawner(&self) -> Arc<dyn Spawner> {
        Arc::clone(&self.given.spawner)
    }

    /// Metrics.
    pub fn metrics(&self) -> Arc<dyn Metrics> {
        Arc::clone(&self.given.metrics)
    }

    /// Password hashing.
    pub fn passwords(&self) -> Arc<dyn Passwords> {
        Arc::clone(&self.given.passwords)
    }

    /// A client for other servers.
    ///
    /// # Errors
    /// Which of the settings cannot be used; or that this server asks no others.
    pub fn http_client(&self, settings: HttpSettings) -> Result<Arc<dyn HttpClient>, HttpSettingsError> {
        let none = || HttpSettingsError::Client("this server makes no outgoing HTTP requests".to_owned());
        self.given.outbound.as_ref().ok_or_else(none)?.client(settings)
    }

    /// The authorities that the site trusts, as DER; none if this server asks no others.
    pub fn authorities(&self) -> Vec<Vec<u8>> {
        self.given.outbound.as_ref().map_or_else(Vec::new, |outbound| outbound.authorities())
    }

    /// What outlives a reload, by its type and a name: made if no link of this or of the serving configuration holds it.
    /// A name that is this link's alone begins with [`link`](Self::link).
    pub fn kept<T: Any + Send + Sync>(&self, name: &str, make: impl FnOnce() -> T) -> Arc<T> {
        self.given.kept.get(name, make)
    }

    /// The store, as far as it is this link's: see [`Shelf::Backend`](crate::Shelf::Backend).
    ///
    /// # Errors
    /// If none is configured.
    pub fn store(&self) -> Result<Arc<dyn Store>, BuildError> {
        self.given.store.clone().ok_or_else(|| BuildError::new("this server has no store"))
    }

    /// Tells the administrator something that is no error.
    pub fn warn(&self, remark: Remark) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(remark);
    }

    /// Tells the administrator something that is good to know: what a line means here and does not elsewhere.
    pub fn note(&self, remark: Remark) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(remark);
    }

    /// The warnings so far, with whole paths; they are handed out once.
    pub fn take_warnings(&self, section: &Node, path: &KeyPath) -> Vec<Problem> {
        taken(&self.warnings, section, path)
    }

    /// The notes so far, likewise.
    pub fn take_notes(&self, section: &Node, path: &KeyPath) -> Vec<Problem> {
        taken(&self.notes, section, path)
    }
}

fn taken(remarks: &Mutex<Vec<Remark>>, section: &Node, path: &KeyPath) -> Vec<Problem> {
    let remarks = std::mem::take(&mut *remarks.lock().unwrap_or_else(PoisonError::into_inner));
    remarks.into_iter().map(|remark| remark.into_problem(section, path)).collect()
}

impl fmt::Debug for BuildContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuildContext")
            .field("link", &self.link)
            .field("dialect", &self.dialect)
            .finish_non_exhaustive()
    }
}
