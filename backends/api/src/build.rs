//! From a section of the configuration file to a backend.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use crate::config::{KeyPath, Node, Problem, Remark};
use crate::dialect::{Dialect, LabelValues};
use crate::{
    BuildError, Clock, FileChanges, FileWatcher, HttpClient, Metrics, Passwords, Random, Spawner, Store,
    read_file,
};

/// In bytes; far longer than any password, hash or token.
const LONGEST_SECRET: u64 = 64 * 1024;

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
    base_dir: PathBuf,
    dialect: Dialect,
    offline: bool,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    spawner: Arc<dyn Spawner>,
    metrics: Arc<dyn Metrics>,
    passwords: Arc<dyn Passwords>,
    file_watcher: Option<Arc<dyn FileWatcher>>,
    http_client: Option<Arc<dyn HttpClient>>,
    store: Option<Arc<dyn Store>>,
    identity_links: Option<Arc<[String]>>,
    files_read: Arc<Mutex<Vec<PathBuf>>>,
    warnings: Mutex<Vec<Remark>>,
    notes: Mutex<Vec<Remark>>,
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
        Self {
            link: String::new(),
            base_dir: PathBuf::from("."),
            dialect: Dialect::DockerAuth,
            offline: false,
            clock,
            random,
            spawner,
            metrics,
            passwords,
            file_watcher: None,
            http_client: None,
            store: None,
            identity_links: None,
            files_read: Arc::default(),
            warnings: Mutex::new(Vec::new()),
            notes: Mutex::new(Vec::new()),
        }
    }

    /// The same for a link of a name, in a dialect; its warnings start empty.
    #[must_use]
    pub fn for_link(&self, link: impl Into<String>, dialect: Dialect) -> Self {
        Self {
            link: link.into(),
            base_dir: self.base_dir.clone(),
            dialect,
            offline: self.offline,
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            spawner: Arc::clone(&self.spawner),
            metrics: Arc::clone(&self.metrics),
            passwords: Arc::clone(&self.passwords),
            file_watcher: self.file_watcher.clone(),
            http_client: self.http_client.clone(),
            store: self.store.clone(),
            identity_links: self.identity_links.clone(),
            files_read: Arc::clone(&self.files_read),
            warnings: Mutex::new(Vec::new()),
            notes: Mutex::new(Vec::new()),
        }
    }

    /// The same with relative file names resolved against a directory.
    #[must_use]
    pub fn with_base_dir(mut self, base_dir: impl Into<PathBuf>) -> Self {
        self.base_dir = base_dir.into();
        self
    }

    /// The same for a check that must do without secrets, programs, keys and network.
    #[must_use]
    pub fn with_offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// The same with metrics of its own.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Arc<dyn Metrics>) -> Self {
        self.metrics = metrics;
        self
    }

    /// The same with somebody who watches files.
    #[must_use]
    pub fn with_file_watcher(mut self, file_watcher: Arc<dyn FileWatcher>) -> Self {
        self.file_watcher = Some(file_watcher);
        self
    }

    /// The same with a client for outgoing HTTP.
    #[must_use]
    pub fn with_http_client(mut self, http_client: Arc<dyn HttpClient>) -> Self {
        self.http_client = Some(http_client);
        self
    }

    /// The same with a store.
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// The same with the names of the links that say who somebody is, for those that say what they may do.
    #[must_use]
    pub fn with_identity_links(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.identity_links = Some(names.into_iter().collect());
        self
    }

    /// The name of the link that is being made.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// The names that [`Identity::link`](crate::Identity::link) can have, where that is known.
    pub fn identity_links(&self) -> Option<&[String]> {
        self.identity_links.as_deref()
    }

    /// Where a file name of the configuration points: relative ones are relative to the configuration's directory
    /// in lists, and to the working directory in docker_auth's flat form.
    pub fn resolve(&self, path: impl AsRef<Path>) -> PathBuf {
        self.base_dir.join(path)
    }

    /// Reads a secret that a `…_file` key names, without the white space around it. When the file changes later, the
    /// configuration is made anew.
    ///
    /// # Errors
    /// Why it cannot be read; the text names the file and never its content.
    pub fn read_secret(&self, path: impl AsRef<Path>) -> Result<SecretString, String> {
        let path = self.resolve(path);
        self.files_read.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
        let shown = path.display();
        let bytes = read_file(&path, LONGEST_SECRET).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => format!("{shown} is too long for a secret"),
            _ => format!("cannot read {shown}: {error}"),
        })?;
        let text = String::from_utf8(bytes).map_err(|_| format!("{shown} is not UTF-8 text"))?;
        match text.trim() {
            "" => Err(format!("{shown} is empty: write the secret into it")),
            secret => Ok(SecretString::from(secret)),
        }
    }

    /// The secret files that were read so far, by this context and by those of other links of the same configuration.
    pub fn files_read(&self) -> Vec<PathBuf> {
        self.files_read.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whose meaning counts where docker_auth's and ours differ.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether to do without secrets, programs, keys and network.
    pub fn offline(&self) -> bool {
        self.offline
    }

    /// The clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Randomness.
    pub fn random(&self) -> Arc<dyn Random> {
        Arc::clone(&self.random)
    }

    /// Background tasks.
    pub fn spawner(&self) -> Arc<dyn Spawner> {
        Arc::clone(&self.spawner)
    }

    /// Metrics.
    pub fn metrics(&self) -> Arc<dyn Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Password hashing.
    pub fn passwords(&self) -> Arc<dyn Passwords> {
        Arc::clone(&self.passwords)
    }

    /// Watches files, whose names are resolved as by [`resolve`](Self::resolve); they need not exist. Call it before
    /// the files are read for the first time: then no change falls between the two. Whoever waits for the changes does
    /// so in a task of the [`spawner`](Self::spawner), which ends with the configuration.
    ///
    /// # Errors
    /// If this server watches none.
    pub fn watch_files<P: AsRef<Path>>(
        &self,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Box<dyn FileChanges>, BuildError> {
        let watcher = self.file_watcher.as_ref();
        let watcher = watcher.ok_or_else(|| BuildError::new("this server watches no files"))?;
        Ok(watcher.watch(paths.into_iter().map(|path| self.resolve(path)).collect()))
    }

    /// Outgoing HTTP.
    ///
    /// # Errors
    /// If this server has none.
    pub fn http_client(&self) -> Result<Arc<dyn HttpClient>, BuildError> {
        self.http_client.clone().ok_or_else(|| BuildError::new("this server makes no outgoing HTTP requests"))
    }

    /// The store, as far as it is this link's: see [`Shelf::Backend`](crate::Shelf::Backend).
    ///
    /// # Errors
    /// If none is configured.
    pub fn store(&self) -> Result<Arc<dyn Store>, BuildError> {
        self.store.clone().ok_or_else(|| BuildError::new("this server has no store"))
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
