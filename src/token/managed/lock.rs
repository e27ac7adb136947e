//! One writer at a time, across processes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use dockgate_api::read_file;
use rustix::fs::OFlags;

use super::error::ManagedError;
use super::layout::Entry;

/// Writing takes milliseconds; who holds the lock for so long hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
const TRY_AGAIN: Duration = Duration::from_millis(20);
/// Of what the holder wrote about itself.
const SHOWN: u64 = 60;

/// Holds the lock until it is dropped, or its process ends in whatever way.
pub(super) fn hold(root: &Path, patience: Duration) -> Result<File, ManagedError> {
    let path = Entry::Lock.of(root);
    let unwritable = |error| ManagedError::Unwritable { path: path.clone(), error };
    let end = Instant::now() + patience;
    loop {
        let mut file = open(&path).map_err(unwritable)?;
        match file.try_lock() {
            // Somebody may have removed the file meanwhile: then the next one would lock another.
            Ok(()) if is_still_there(&path, &file) => {
                sign(&mut file).map_err(unwritable)?;
                return Ok(file);
            }
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
        if Instant::now() >= end {
            return Err(ManagedError::Locked { path, waited: patience, holder: holder(&mut file) });
        }
        std::thread::sleep(TRY_AGAIN);
    }
}

/// Whoever may write into the directory must not make root write to another file, by a link in the lock's place.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(Entry::Lock.mode());
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = options.custom_flags(flags.bits().cast_signed()).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.nlink() != 1 {
        return Err(io::Error::other("it is no file of its own: remove it"));
    }
    Ok(file)
}

pub(super) fn is_still_there(path: &Path, file: &File) -> bool {
    let id = |found: fs::Metadata| (found.dev(), found.ino());
    let (named, held) = (fs::metadata(path).map(id), file.metadata().map(id));
    named.is_ok() && named.ok() == held.ok()
}

/// Whether a file is what [`hold`] leaves; another one of that name is somebody's.
pub(super) fn is_ours(path: &Path) -> bool {
    read_file(path, SHOWN).is_ok_and(|text| text.is_empty() || text.starts_with(b"process "))
}

/// For the message of who waits in vain.
fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "process {}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(SHOWN).read_to_string(&mut text);
    let line = text.lines().next().filter(|line| read.is_ok() && line.starts_with("process "));
    line.map_or_else(|| "unknown to us".to_owned(), |line| line.chars().filter(|c| !c.is_control()).collect())
}
