//! One file in a directory, opened by one process.

use std::path::PathBuf;
use std::sync::Arc;

use dockgate_api::config::Located;
use dockgate_api::{BuildContext, BuildError, Store};

/// Where the file is.
#[derive(PartialEq)]
pub(crate) struct FileSettings {
    directory: PathBuf,
}

impl FileSettings {
    /// What the key says.
    pub(crate) fn read(directory: Located<PathBuf>, cx: &BuildContext) -> Result<Self, BuildError> {
        Ok(Self { directory: cx.resolve(&directory.value) })
    }

    /// Opens and locks the file.
    pub(crate) fn open(&self) -> Result<Arc<dyn Store>, BuildError> {
        Err(BuildError::new(format!("{} cannot be opened", self.directory.display())))
    }
}
