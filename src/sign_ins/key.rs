//! Where the key for sign-ins comes from: the store's secret, or a file beside a store that has none.

use std::path::PathBuf;
use std::sync::OnceLock;

use dockgate_api::{BackendError, Random};
use dockgate_store::StoreHandle;

use super::key_file;
use super::seal::SealKey;

/// The key of a configuration, known once its store is open: whoever only looks at a configuration makes no file.
pub struct KeySource {
    secrets: Option<([u8; 32], Option<[u8; 32]>)>,
    directory: Option<PathBuf>,
    key: OnceLock<SealKey>,
}

impl KeySource {
    /// The key of a store.
    pub fn of(store: &StoreHandle) -> Self {
        let directory = store.directory().map(ToOwned::to_owned);
        Self { secrets: store.sign_in_secrets(), directory, key: OnceLock::new() }
    }

    /// A key that is known already.
    #[cfg(test)]
    pub(crate) fn known(key: SealKey) -> Self {
        Self { secrets: None, directory: None, key: OnceLock::from(key) }
    }

    /// Reads the key, and makes its file if the store is one without a secret. A file that was made before there was a
    /// secret still opens what was sealed with it.
    ///
    /// # Errors
    /// What is wrong with the file, and the cure.
    pub fn open(&self, random: &dyn Random) -> Result<(), String> {
        if self.key.get().is_some() {
            return Ok(());
        }
        let key = match (&self.secrets, &self.directory) {
            (Some((current, before)), directory) => {
                let file = directory.as_deref().map(key_file::read).transpose()?.flatten();
                SealKey::new(*current, before.iter().copied().chain(file).collect())
            }
            (None, Some(directory)) => SealKey::new(key_file::read_or_make(directory, random)?, Vec::new()),
            (None, None) => return Err("`store.secret_file` is missing".to_owned()),
        };
        let _ = self.key.set(key);
        Ok(())
    }

    /// The key.
    ///
    /// # Errors
    /// If the store is not open.
    pub fn get(&self) -> Result<&SealKey, BackendError> {
        self.key.get().ok_or_else(|| BackendError::Unavailable("the store is not open".to_owned()))
    }
}
