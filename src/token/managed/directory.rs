//! Writing: whole files only, by one process at a time.

use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::error::ManagedError;
use super::layout::{Entry, TEMPORARY_PREFIX};
use super::lock::{self, PATIENCE};

/// What Kubernetes calls the link that it exchanges when a mounted Secret changes.
pub(super) const VOLUME_LINK: &str = "..data";

/// A step of a write that a crash can come before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DiskStep {
    Lock,
    Sweep,
    Create,
    Fill,
    Rename,
    Sync,
    CleanUp,
}

/// Is asked before each step. This is how tests let a process crash, or a disk refuse, at any of them.
pub(super) trait Gate: Send + Sync {
    fn before(&self, step: DiskStep) -> io::Result<()>;
}

struct Open;

impl Gate for Open {
    fn before(&self, _: DiskStep) -> io::Result<()> {
        Ok(())
    }
}

/// A directory to write to.
#[derive(Clone)]
pub(super) struct Directory {
    root: PathBuf,
    patience: Duration,
    gate: Arc<dyn Gate>,
}

/// The lock, and with it the right to write.
pub(super) struct Held<'a> {
    directory: &'a Directory,
    _lock: File,
}

impl Directory {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, patience: PATIENCE, gate: Arc::new(Open) }
    }

    #[cfg(test)]
    pub(super) fn with_gate(root: PathBuf, patience: Duration, gate: Arc<dyn Gate>) -> Self {
        Self { root, patience, gate }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Waits for the lock, and removes what crashed writers left.
    pub(super) fn lock(&self) -> Result<Held<'_>, ManagedError> {
        let unwritable = |error| ManagedError::Unwritable { path: self.root.clone(), error };
        self.gate.before(DiskStep::Lock).map_err(unwritable)?;
        if fs::symlink_metadata(self.root.join(VOLUME_LINK)).is_ok() {
            // A file written here would hide the one that the volume brings later.
            let error = io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "a mounted volume of Kubernetes");
            return Err(unwritable(error));
        }
        let lock = lock::hold(&self.root, self.patience)?;
        self.give_to_owner(&lock);
        self.gate.before(DiskStep::Sweep).map_err(unwritable)?;
        for entry in fs::read_dir(&self.root).map_err(unwritable)? {
            let entry = entry.map_err(unwritable)?;
            if is_temporary(&entry.file_name().to_string_lossy()) {
                fs::remove_file(entry.path()).map_err(unwritable)?;
            }
        }
        Ok(Held { directory: self, _lock: lock })
    }

    /// Root may run a command on the directory of a server that is another user and must be able to read the result.
    fn give_to_owner(&self, file: &File) {
        if let (Ok(directory), Ok(made)) = (fs::metadata(&self.root), file.metadata())
            && (directory.uid(), directory.gid()) != (made.uid(), made.gid())
        {
            // Only root may; anybody else keeps the file, which is right where a group shares the directory.
            let _ = std::os::unix::fs::fchown(file, Some(directory.uid()), Some(directory.gid()));
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.gate.before(DiskStep::Sync)?;
        match File::open(&self.root)?.sync_all() {
            // Some network file systems know no such thing.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
            {
                Ok(())
            }
            result => result,
        }
    }
}

/// Of our own writes; another file of such a name is somebody's.
pub(super) fn is_temporary(name: &str) -> bool {
    let of = name.strip_prefix(TEMPORARY_PREFIX);
    of.is_some_and(|of| Entry::ALL.iter().any(|entry| entry.name() == of))
}

impl Held<'_> {
    /// Puts a file with that content in place of the one there is, if any. After a crash it is the old or the new one.
    pub(super) fn write(&self, entry: Entry, content: &str) -> Result<(), ManagedError> {
        let Directory { root, gate, .. } = self.directory;
        let temporary = root.join(format!("{TEMPORARY_PREFIX}{}", entry.name()));
        let path = entry.of(root);
        let written = self.fill(entry, &temporary, content).and_then(|()| {
            gate.before(DiskStep::Rename)?;
            fs::rename(&temporary, &path)?;
            self.directory.sync()
        });
        written.map_err(|error| {
            if gate.before(DiskStep::CleanUp).is_ok() {
                // It is gone if the rename was done; else the next holder of the lock removes it.
                let _ = fs::remove_file(&temporary);
            }
            ManagedError::Unwritable { path, error }
        })
    }

    /// Gives a file another name, and replaces the file that has it.
    pub(super) fn rename(&self, from: Entry, to: Entry) -> Result<(), ManagedError> {
        let Directory { root, gate, .. } = self.directory;
        let renamed = gate.before(DiskStep::Rename).and_then(|()| fs::rename(from.of(root), to.of(root)));
        let renamed = renamed.and_then(|()| self.directory.sync());
        renamed.map_err(|error| ManagedError::Unwritable { path: to.of(root), error })
    }

    fn fill(&self, entry: Entry, temporary: &Path, content: &str) -> io::Result<()> {
        let gate = &self.directory.gate;
        gate.before(DiskStep::Create)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
        gate.before(DiskStep::Fill)?;
        self.directory.give_to_owner(&file);
        // Whatever the umask says.
        file.set_permissions(Permissions::from_mode(entry.mode()))?;
        file.write_all(content.as_bytes())?;
        file.sync_all()
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Directory").field(&self.root).finish()
    }
}
