//! One file in a directory, opened by one process.
//!
//! The file is a [redb](https://docs.rs/redb) database. One thread writes: whatever waits for it while it commits is in
//! its next commit, so that many callers share one flush of the disk. Readers see the last commit and wait for nobody.

mod database;
mod holder;
mod list;
mod place;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod trouble;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dockgate_api::config::{KeyPath, Located, Location, Remark};
use dockgate_api::{BuildContext, BuildError, Clock, Random, Store};

use self::place::Place;
use self::store::FileStore;

/// Where the file is, and what opening it takes.
pub(crate) struct FileSettings {
    directory: PathBuf,
    location: Location,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl FileSettings {
    /// What the key says.
    pub(crate) fn read(directory: Located<PathBuf>, cx: &BuildContext) -> Result<Self, BuildError> {
        let location = directory.location.clone();
        if directory.value.as_os_str().is_empty() {
            return Err(problem(&location, "needs a directory"));
        }
        let directory = canonical(&cx.resolve(&directory.value));
        Ok(Self { directory, location, clock: cx.clock(), random: cx.random() })
    }

    /// Where it is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What is in the way of opening it, as far as looking tells: makes nothing, opens nothing.
    pub(crate) fn look(&self) -> Result<(), BuildError> {
        Place::new(&self.directory).look().map_err(|message| problem(&self.location, message))
    }

    /// Opens and locks the file; makes it, and the directory, if they are not there.
    pub(crate) fn open(&self) -> Result<Arc<dyn Store>, BuildError> {
        let place = Place::new(&self.directory);
        place
            .prepare(self.random.as_ref())
            .and_then(|()| FileStore::open(place, Arc::clone(&self.clock)))
            .map(|store| Arc::new(store) as Arc<dyn Store>)
            .map_err(|message| problem(&self.location, message))
    }
}

/// Two ways to write one directory are the same store.
impl PartialEq for FileSettings {
    fn eq(&self, other: &Self) -> bool {
        self.directory == other.directory
    }
}

fn problem(location: &Location, message: impl Into<String>) -> BuildError {
    let mut error = BuildError::none();
    error.add(Remark::new(location.clone(), KeyPath::root().key("file"), message));
    error
}

/// The directory without symbolic links, as far as it is there: its last part may be yet to be made.
fn canonical(directory: &Path) -> PathBuf {
    directory.canonicalize().unwrap_or_else(|_| match (directory.parent(), directory.file_name()) {
        (Some(parent), Some(name)) => {
            parent.canonicalize().map_or_else(|_| directory.to_path_buf(), |parent| parent.join(name))
        }
        _ => directory.to_path_buf(),
    })
}
