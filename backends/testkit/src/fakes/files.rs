//! Changes of files that are told by hand.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use dockgate_api::{FileChanges, FileWatcher, async_trait};
use tokio::sync::watch;

/// Looks at no file: it says that all have changed when it is told to.
#[derive(Debug)]
pub struct ToldFileWatcher {
    told: watch::Sender<()>,
    watched: Mutex<Vec<PathBuf>>,
}

impl ToldFileWatcher {
    /// One that was told nothing yet.
    pub fn new() -> Self {
        Self { told: watch::Sender::new(()), watched: Mutex::default() }
    }

    /// Says that the files have changed.
    pub fn tell(&self) {
        self.told.send_replace(());
    }

    /// The files that anybody ever watched, in the order in which that began.
    pub fn watched(&self) -> Vec<PathBuf> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Default for ToldFileWatcher {
    fn default() -> Self {
        Self::new()
    }
}

impl FileWatcher for ToldFileWatcher {
    fn watch(&self, paths: Vec<PathBuf>) -> Box<dyn FileChanges> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).extend(paths);
        Box::new(Told(self.told.subscribe()))
    }
}

struct Told(watch::Receiver<()>);

#[async_trait]
impl FileChanges for Told {
    async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody can tell any more.
            std::future::pending::<()>().await;
        }
    }
}
