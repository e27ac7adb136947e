//! The open file, which is opened anew after an error.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use redb::{Database, ReadTransaction, ReadableDatabase as _, WriteTransaction};

use super::place::Place;
use super::trouble;

/// The open file, as readers and the writer share it.
pub(super) struct Shared {
    place: Place,
    database: RwLock<Option<Database>>,
    /// How often it was opened.
    opened: AtomicU64,
    /// What is wrong, until something goes well again.
    trouble: Mutex<Option<String>>,
}

/// Why nothing was read or written.
#[derive(Debug)]
pub(super) enum Failure {
    /// It is not open, for the reason that was noted.
    Closed,
    /// redb says.
    Redb(redb::Error),
}

impl<E: Into<redb::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Redb(error.into())
    }
}

impl Shared {
    /// Opens the file.
    pub(super) fn open(place: Place) -> Result<Self, String> {
        let database = place.open()?;
        Ok(Self {
            place,
            database: RwLock::new(Some(database)),
            opened: AtomicU64::new(1),
            trouble: Mutex::default(),
        })
    }

    pub(super) fn file(&self) -> &Path {
        self.place.file()
    }

    /// How often it was opened: what failed before it was opened again says nothing of now.
    pub(super) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Acquire)
    }

    pub(super) fn begin_read(&self) -> Result<ReadTransaction, Failure> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        Ok(database.as_ref().ok_or(Failure::Closed)?.begin_read()?)
    }

    pub(super) fn begin_write(&self) -> Result<WriteTransaction, Failure> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let mut change = database.as_ref().ok_or(Failure::Closed)?.begin_write()?;
        // Else who can both choose what is written and crash the machine may have a bad commit taken for a good one.
        change.set_two_phase_commit(true);
        Ok(change)
    }

    /// Closes and opens it: after an error of the disk redb does nothing more until then.
    pub(super) fn reopen(&self) -> bool {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = database.take() {
            // What it says was said by whoever met it first.
            let _ = old.close();
        }
        match self.place.open() {
            Ok(opened) => {
                *database = Some(opened);
                self.opened.fetch_add(1, Ordering::AcqRel);
                true
            }
            Err(message) => {
                self.note(Some(message));
                false
            }
        }
    }

    /// What is wrong, in words.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes what is wrong, once in the log; or that all is well.
    pub(super) fn note(&self, trouble: Option<String>) {
        let mut noted = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if *noted == trouble {
            return;
        }
        if let Some(trouble) = &trouble {
            tracing::error!(error = trouble, "the store fails");
        } else {
            tracing::info!("the store is well again");
        }
        *noted = trouble;
    }

    /// What to say of a failure.
    pub(super) fn words(&self, failure: &Failure) -> String {
        match failure {
            Failure::Closed | Failure::Redb(redb::Error::PreviousIo | redb::Error::DatabaseClosed) => {
                self.trouble().unwrap_or_else(|| format!("{} is being opened anew", self.file().display()))
            }
            Failure::Redb(error) => trouble::words(error, self.file()),
        }
    }
}
