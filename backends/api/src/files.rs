//! Files that somebody else writes: reading them without waiting for ever, and hearing of their changes.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rustix::fs::OFlags;

/// Reads a regular file of at most so many bytes.
///
/// # Errors
/// The system's; `IsADirectory`; `InvalidInput` for a pipe, a socket or a device, which may never end; `FileTooLarge`.
pub fn read_file(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // Without it, opening a pipe that nobody writes to waits for who does.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    if !kind.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    Ok(bytes)
}

/// Watches files; see [`BuildContext::watch_files`](crate::BuildContext::watch_files).
pub trait FileWatcher: Send + Sync {
    /// Starts to watch files, which need not exist.
    fn watch(&self, paths: Vec<PathBuf>) -> Box<dyn FileChanges>;
}

/// Files that are watched, until it is dropped.
#[async_trait]
pub trait FileChanges: Send {
    /// Ready once a file may have changed since it was watched or since the last notice: written in place, replaced by
    /// another of its name, behind a symbolic link too, removed, or made. Changes that follow each other closely give
    /// one notice. A call may be dropped before it is ready; the next one tells what this one would have told.
    async fn changed(&mut self);
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn regular_files_up_to_the_bound() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_file(&path, 5).unwrap(), b"12345");
        assert_eq!(read_file(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        std::os::unix::fs::symlink(&path, directory.path().join("link")).unwrap();
        assert_eq!(read_file(&directory.path().join("link"), 5).unwrap(), b"12345");
    }

    #[test]
    fn nothing_that_may_wait_or_never_end() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        let _socket = UnixListener::bind(directory.path().join("socket")).unwrap();
        for (path, kind) in [
            (pipe, io::ErrorKind::InvalidInput),
            ("/dev/zero".into(), io::ErrorKind::InvalidInput),
            (directory.path().to_path_buf(), io::ErrorKind::IsADirectory),
        ] {
            assert_eq!(read_file(&path, 10).unwrap_err().kind(), kind, "{}", path.display());
        }
        assert!(read_file(&directory.path().join("socket"), 10).is_err());
    }
}
