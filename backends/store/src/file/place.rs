//! The directory and the file in it: made, looked at, opened.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use dockgate_api::Random;
use redb::backends::FileBackend;
use redb::{Database, DatabaseError};
use rustix::fs::OFlags;

use super::holder::holders;
use super::{tables, trouble};

/// The file in the directory.
const NAME: &str = "store.redb";
/// What a file is called until it is whole; random letters follow.
const UNFINISHED: &str = "store.redb.new-";
/// What redb may keep in memory of the file.
const CACHE: usize = 32 * 1024 * 1024;

/// A directory and the file in it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    directory: PathBuf,
    file: PathBuf,
}

impl Place {
    pub(super) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_path_buf(), file: directory.join(NAME) }
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// What is in the way, as far as looking tells. Makes nothing.
    pub(super) fn look(&self) -> Result<(), String> {
        let directory = self.directory.display();
        match fs::metadata(&self.directory) {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => Err(format!("{directory} is no directory, and the store needs one of its own")),
            Err(error) if error.kind() == ErrorKind::NotFound => match self.directory.parent() {
                Some(above) if !above.as_os_str().is_empty() && !above.is_dir() => Err(format!(
                    "{directory} cannot be made: the directory above it does not exist; make that"
                )),
                _ => Ok(()),
            },
            Err(error) => Err(format!("{directory} cannot be used: {error}")),
        }
    }

    /// Makes directory and file if they are not there.
    pub(super) fn prepare(&self, random: &dyn Random) -> Result<(), String> {
        self.look()?;
        if !self.directory.is_dir() {
            self.make_directory()?;
        }
        match fs::symlink_metadata(&self.file) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => self.make_file(random),
            Err(error) => Err(format!("{} cannot be used: {error}", self.file.display())),
        }
    }

    fn make_directory(&self) -> Result<(), String> {
        DirBuilder::new().mode(0o700).create(&self.directory).map_err(|error| {
            let directory = self.directory.display();
            if error.kind() == ErrorKind::NotFound {
                format!("{directory} cannot be made: the directory above it does not exist")
            } else {
                format!("{directory} cannot be made: {error}")
            }
        })
    }

    /// Makes the file whole under another name first: one that a crash left half made is never taken for a store.
    fn make_file(&self, random: &dyn Random) -> Result<(), String> {
        let mut bits = [0; 8];
        random.fill(&mut bits).map_err(|_| "the system has no randomness".to_owned())?;
        let name = format!("{UNFINISHED}{:016x}", u64::from_le_bytes(bits));
        let unfinished = Self { directory: self.directory.clone(), file: self.directory.join(name) };
        let made = unfinished.fill_new_file();
        let linked = made.and_then(|()| match fs::hard_link(&unfinished.file, &self.file) {
            // Somebody else was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            linked => linked.map_err(redb::Error::Io),
        });
        // Whatever is left of it is removed by whoever opens the store.
        let _ = fs::remove_file(&unfinished.file);
        linked.and_then(|()| self.sync_directory()).map_err(|error| trouble::words(&error, &self.file))
    }

    fn fill_new_file(&self) -> Result<(), redb::Error> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(&self.file)?;
        let database = redb::Builder::new().create_with_backend(FileBackend::new(file)?)?;
        tables::prepare(&database).map_err(|newer| redb::Error::Corrupted(newer.to_string()))??;
        Ok(database.close()?)
    }

    fn sync_directory(&self) -> Result<(), redb::Error> {
        Ok(File::open(&self.directory)?.sync_all()?)
    }

    /// Opens the file, which must be there, and locks it.
    pub(super) fn open(&self) -> Result<Database, String> {
        let file = self.open_file()?;
        let backend = FileBackend::new(file).map_err(|error| self.refused(error))?;
        let mut builder = redb::Builder::new();
        // Else a file that was changed behind redb's back can make it panic later.
        builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
        let database = builder.create_with_backend(backend).map_err(|error| self.refused(error))?;
        match tables::prepare(&database) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(trouble::words(&error, &self.file)),
            Err(_) => return Err(trouble::newer(&self.file.display().to_string())),
        }
        self.remove_unfinished();
        Ok(database)
    }

    fn open_file(&self) -> Result<File, String> {
        let shown = self.file.display();
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let opened = OpenOptions::new().read(true).write(true).custom_flags(flags).open(&self.file);
        let mut file = opened.map_err(|error| match error.raw_os_error() {
            Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => {
                format!(
                    "{shown} is a symbolic link: the store is a file of its own; name its directory instead"
                )
            }
            _ if error.kind() == ErrorKind::NotFound => {
                format!("{shown} has been removed: put it back, or start anew with an empty store")
            }
            _ => trouble::words(&redb::Error::Io(error), &self.file),
        })?;
        let unusable = |error: io::Error| format!("{shown} cannot be used: {error}");
        let found = file.metadata().map_err(unusable)?;
        if !found.is_file() {
            return Err(format!("{shown} is no regular file"));
        }
        let us = rustix::process::geteuid().as_raw();
        if found.uid() != us {
            let owner = found.uid();
            return Err(format!(
                "{shown} belongs to user {owner}, and dockgate runs as {us}: whoever owns it could forge logins; give \
                 it to the user that dockgate runs as"
            ));
        }
        // Also an empty one, which redb would begin anew: what was in it is gone.
        let mut start = [0; 4];
        if file.read_exact(&mut start).is_err() || start != *b"redb" {
            return Err(trouble::damaged("it does not begin as one", &shown.to_string()));
        }
        if found.mode() & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(0o600)).map_err(unusable)?;
        }
        Ok(file)
    }

    fn refused(&self, error: DatabaseError) -> String {
        match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
                let holder = holders(&self.file).map_or_else(
                    || "another dockgate has it open".to_owned(),
                    |it| format!("{it} has it open"),
                );
                format!(
                    "{}: {holder}; give each server a directory of its own, or use `redis` or `postgres` for several",
                    self.file.display()
                )
            }
            error => trouble::words(&error.into(), &self.file),
        }
    }

    /// Whoever holds the file is the only one: what others did not finish is of no use to anybody.
    fn remove_unfinished(&self) {
        for entry in fs::read_dir(&self.directory).into_iter().flatten().flatten() {
            if entry.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED)) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}
