//! The files that a section names.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use secrecy::SecretString;

use super::BuildContext;
use crate::{BuildError, FileChanges, read_file};

/// In bytes; far longer than any password, hash or token.
const LONGEST_SECRET: u64 = 64 * 1024;
/// Long enough for the authorities of a whole system.
const LONGEST_CHAIN: u64 = 1024 * 1024;

impl BuildContext {
    /// Reads a secret that a `…_file` key names, without the white space around it. When the file changes later, the
    /// configuration is made anew.
    ///
    /// # Errors
    /// Why it cannot be read; the text names the file and never its content.
    pub fn read_secret(&self, path: impl AsRef<Path>) -> Result<SecretString, String> {
        let path = self.resolve(path);
        let text = String::from_utf8(self.read_watched(&path, LONGEST_SECRET)?);
        let text = text.map_err(|_| format!("{} is not UTF-8 text", path.display()))?;
        match text.trim() {
            "" => Err(format!("{} is empty: write the secret into it", path.display())),
            secret => Ok(SecretString::from(secret)),
        }
    }

    /// Reads certificates that a key of the section names (RFC 7468). When the file changes later, the configuration is
    /// made anew.
    ///
    /// # Errors
    /// Why it cannot be read; the text names the file.
    pub fn read_certificates(&self, path: impl AsRef<Path>) -> Result<Vec<u8>, String> {
        self.read_watched(&self.resolve(path), LONGEST_CHAIN)
    }

    fn read_watched(&self, path: &Path, longest: u64) -> Result<Vec<u8>, String> {
        self.given.files_read.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_path_buf());
        let shown = path.display();
        read_file(path, longest).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => {
                format!("{shown} is longer than {} KiB: is this the file?", longest / 1024)
            }
            _ => format!("cannot read {shown}: {error}"),
        })
    }

    /// The files that were read so far, by this context and by those of other links of the same configuration.
    pub fn files_read(&self) -> Vec<PathBuf> {
        self.given.files_read.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        let watcher = self.given.file_watcher.as_ref();
        let watcher = watcher.ok_or_else(|| BuildError::new("this server watches no files"))?;
        Ok(watcher.watch(paths.into_iter().map(|path| self.resolve(path)).collect()))
    }
}
