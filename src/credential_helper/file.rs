//! The file that credentials are in: `credentials.json` in `$XDG_CONFIG_HOME/dockgate`.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dockgate_api::read_file;

use super::kept::{Kept, VERSION};
use super::whole::write_whole;
use crate::config::env::Lookup;

const NAME: &str = "credentials.json";
const LOCK: &str = "credentials.lock";
/// Thousands of credentials.
const LONGEST: u64 = 4 * 1024 * 1024;
/// Whoever holds the lock may be asking the server, which has its own deadline; who holds it longer hangs.
const PATIENCE: Duration = Duration::from_secs(15);
const TRY_AGAIN: Duration = Duration::from_millis(20);

/// Why the file cannot be used: place and cure, without anything that stands in it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unusable(String);

/// The file.
#[derive(Clone, Debug)]
pub(crate) struct CredentialFile {
    directory: PathBuf,
}

/// The right to write it: one process at a time.
pub(crate) struct Held<'a> {
    file: &'a CredentialFile,
    _lock: File,
}

impl CredentialFile {
    /// The file of whoever runs this.
    ///
    /// # Errors
    /// If the environment says nowhere where that is.
    pub(crate) fn of(lookup: Lookup<'_>) -> Result<Self, Unusable> {
        let given = |name: &str| lookup(name).filter(|path| Path::new(path).is_absolute()).map(PathBuf::from);
        let config = given("XDG_CONFIG_HOME").or_else(|| given("HOME").map(|home| home.join(".config")));
        let directory = config.map(|config| config.join("dockgate"));
        directory.map(Self::in_directory).ok_or_else(|| {
            Unusable(
                "there is no place for credentials: set HOME or XDG_CONFIG_HOME to a directory".to_owned(),
            )
        })
    }

    pub(crate) fn in_directory(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join(NAME)
    }

    /// What it says; nothing if it is not there.
    ///
    /// # Errors
    /// If it cannot be read or understood: then nobody writes it either.
    pub(crate) fn read(&self) -> Result<Kept, Unusable> {
        let path = self.path();
        let text = match read_file(&path, LONGEST) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
            Err(error) => return Err(unusable(&path, &format!("cannot be read ({error})"))),
        };
        // What stands in it is a secret: of serde's message only the place is told.
        let kept: Kept = serde_json::from_slice(&text).map_err(|error| {
            Unusable(format!(
                "{}:{}:{}: this is not as dockgate writes it: repair it, or move it away and log in again",
                path.display(),
                error.line(),
                error.column()
            ))
        })?;
        if kept.version != VERSION {
            return Err(unusable(
                &path,
                &format!(
                    "is of version {}, and this release knows {VERSION}: use the release that wrote it, or move it away \
                     and log in again",
                    kept.version
                ),
            ));
        }
        Ok(kept)
    }

    /// Waits for the right to write it.
    ///
    /// # Errors
    /// If somebody else keeps it for too long, or there can be no such file.
    pub(crate) fn hold(&self) -> Result<Held<'_>, Unusable> {
        let path = self.directory.join(LOCK);
        let failed = |error: io::Error| unusable(&path, &format!("cannot be made ({error})"));
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory).map_err(failed)?;
        let mut options = OpenOptions::new();
        let lock = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = lock.map_err(failed)?;
        let end = Instant::now() + PATIENCE;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Held { file: self, _lock: lock }),
                Err(TryLockError::WouldBlock) if Instant::now() < end => std::thread::sleep(TRY_AGAIN),
                Err(TryLockError::WouldBlock) => {
                    let message =
                        format!("is held by another process for {} s: is one stuck?", PATIENCE.as_secs());
                    return Err(unusable(&path, &message));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }
}

impl Held<'_> {
    /// What the file says.
    ///
    /// # Errors
    /// As [`CredentialFile::read`].
    pub(crate) fn read(&self) -> Result<Kept, Unusable> {
        self.file.read()
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written; then it is as before.
    pub(crate) fn write(&self, kept: &Kept) -> Result<(), Unusable> {
        let path = self.file.path();
        let failed = |why: String| unusable(&path, &format!("cannot be written ({why})"));
        let mut text = serde_json::to_vec_pretty(kept).map_err(|_| failed("it is no JSON".to_owned()))?;
        text.push(b'\n');
        close(&path);
        write_whole(&path, &text).map_err(|error| failed(error.to_string()))
    }
}

/// Somebody may have opened it to others; what is written from now on is its owner's.
fn close(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
}

fn unusable(path: &Path, what: &str) -> Unusable {
    Unusable(format!("{} {what}", path.display()))
}
