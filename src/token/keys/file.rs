use std::io;
use std::path::Path;

use dockgate_api::read_file;

use super::error::{FileRole, KeyError, KeyProblem};

/// No certificate chain or key comes near this; a device or a log given by mistake goes beyond.
const LARGEST_FILE: u64 = 1 << 20;

/// The contents of a PEM file and where they came from.
#[derive(Clone, Copy)]
pub struct PemFile<'a> {
    /// For messages only.
    pub path: &'a Path,
    /// The whole contents.
    pub bytes: &'a [u8],
}

impl PemFile<'_> {
    pub(super) fn error(&self, role: FileRole, problem: KeyProblem) -> KeyError {
        KeyError::new(role, self.path, problem)
    }
}

impl std::fmt::Debug for PemFile<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PemFile").field("path", &self.path).finish_non_exhaustive()
    }
}

pub(super) fn read(role: FileRole, path: &Path) -> Result<Vec<u8>, KeyError> {
    read_file(path, LARGEST_FILE).map_err(|error| {
        let too_large = error.kind() == io::ErrorKind::FileTooLarge;
        let problem = if too_large { KeyProblem::TooLarge } else { KeyProblem::Unreadable(error) };
        KeyError::new(role, path, problem)
    })
}
