//! The file of an audit log, which others may move, remove or cut while it is written.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, Mode, OFlags};
use rustix::io::Errno;

/// For its owner, and for the group of those who read it.
const MODE: Mode = Mode::RUSR.union(Mode::WUSR).union(Mode::RGRP);

/// A file that is open for more lines at its end.
#[derive(Debug)]
pub(super) struct AuditFile {
    path: PathBuf,
    open: Option<Open>,
    /// Said once, not with every batch.
    told: bool,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// Device and number: what a name leads to may be another file by now.
    identity: (u64, u64),
}

/// Whether lines could be written to a file, as far as can be known without making it.
///
/// # Errors
/// Why not, and the cure.
pub(crate) fn check(path: &Path) -> Result<(), String> {
    let shown = path.display();
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => {
            Err(format!("{shown} is a symbolic link: write the path of the file itself, or `stdout`"))
        }
        Ok(found) if !found.is_file() => Err(format!("{shown} is no ordinary file: write the path of one")),
        Ok(_) => rustix::fs::access(path, Access::READ_OK | Access::WRITE_OK).map_err(|error| {
            format!("cannot write {shown}: {error}: it must be the server's to read and write")
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => check_directory(path),
        Err(error) => Err(format!("cannot look at {shown}: {error}")),
    }
}

fn check_directory(path: &Path) -> Result<(), String> {
    let Some(name) = path.file_name() else {
        return Err(format!("{} names no file", path.display()));
    };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let shown = directory.display();
    match fs::metadata(directory) {
        Ok(found) if !found.is_dir() => Err(format!("{shown} is no directory")),
        Ok(_) => rustix::fs::access(directory, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
            let name = Path::new(name).display();
            format!("cannot make {name} in {shown}: {error}: let the server's user write there")
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(format!("the directory {shown} is not there: make it, writable for the server's user"))
        }
        Err(error) => Err(format!("cannot look at {shown}: {error}")),
    }
}

impl AuditFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, open: None, told: false }
    }

    /// Opens the file where it is not open, where its name leads to another by now, and where that is `wanted` in any
    /// case. Answers whether its last line lacks an end, if it was opened.
    pub(super) fn prepare(&mut self, wanted: bool) -> io::Result<Option<bool>> {
        let there = |open: &Open| identity(&self.path).is_ok_and(|identity| identity == open.identity);
        if !wanted && self.open.as_ref().is_some_and(there) {
            return Ok(None);
        }
        match Open::at(&self.path) {
            Ok((open, torn)) => {
                (self.open, self.told) = (Some(open), false);
                Ok(Some(torn))
            }
            // Better in a file that was moved than nowhere; one that was removed is nowhere.
            Err(error) if self.open.as_ref().is_some_and(Open::has_a_name) => {
                if !std::mem::replace(&mut self.told, true) {
                    let path = self.path.display();
                    tracing::error!(%path, %error, "the audit log cannot be opened anew: the file from before is written on");
                }
                Ok(None)
            }
            Err(error) => {
                self.open = None;
                Err(error)
            }
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.open {
            Some(open) => open.file.write(bytes),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Open {
    fn at(path: &Path) -> io::Result<(Self, bool)> {
        // Neither through a link that somebody else may have put there, nor waiting for the other end of a pipe.
        let how = OFlags::RDWR
            | OFlags::APPEND
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::NOCTTY
            | OFlags::CLOEXEC;
        let mut file = match rustix::fs::open(path, how | OFlags::CREATE | OFlags::EXCL, MODE) {
            Ok(made) => {
                // The umask of a service leaves its group nothing: nobody who is to read the log could.
                rustix::fs::fchmod(&made, MODE)?;
                File::from(made)
            }
            Err(Errno::EXIST) => File::from(rustix::fs::open(path, how, Mode::empty())?),
            Err(error) => return Err(error.into()),
        };
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no ordinary file"));
        }
        let torn = found.len() > 0 && {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            last != *b"\n"
        };
        Ok((Self { file, identity: (found.dev(), found.ino()) }, torn))
    }

    fn has_a_name(&self) -> bool {
        self.file.metadata().is_ok_and(|found| found.nlink() > 0)
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn line(file: &mut AuditFile, text: &str) -> Option<bool> {
        let torn = file.prepare(false).unwrap();
        assert_eq!(file.write(text.as_bytes()).unwrap(), text.len());
        torn
    }

    #[test]
    fn moved_removed_and_cut_under_the_writer() {
        let dir = tempfile::tempdir().unwrap();
        let (path, moved) = (dir.path().join("audit.log"), dir.path().join("audit.log.1"));
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        let mut file = AuditFile::new(path.clone());
        assert_eq!(line(&mut file, "one\n"), Some(false));
        assert_eq!(line(&mut file, "two\n"), None);
        fs::rename(&path, &moved).unwrap();
        assert_eq!(line(&mut file, "three\n"), Some(false));
        assert_eq!((read(&moved).as_str(), read(&path).as_str()), ("one\ntwo\n", "three\n"));
        fs::remove_file(&path).unwrap();
        line(&mut file, "four\n");
        assert_eq!(read(&path), "four\n");
        // As logrotate's `copytruncate` does.
        File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
        line(&mut file, "five\n");
        assert_eq!(read(&path), "five\n");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o640);
    }

    #[test]
    fn a_line_that_a_crash_left_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.log");
        fs::write(&path, "{\"time").unwrap();
        assert_eq!(line(&mut AuditFile::new(path.clone()), "x\n"), Some(true));
        assert_eq!(line(&mut AuditFile::new(path), "x\n"), Some(false));
    }

    #[test]
    fn where_no_new_file_can_be_made_the_moved_one_goes_on_and_a_removed_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let (path, moved) = (dir.path().join("audit.log"), dir.path().join("moved"));
        let mut file = AuditFile::new(path.clone());
        line(&mut file, "one\n");
        fs::rename(&path, &moved).unwrap();
        symlink("/nowhere/else", &path).unwrap();
        assert_eq!(line(&mut file, "two\n"), None);
        assert_eq!(fs::read_to_string(&moved).unwrap(), "one\ntwo\n");
        fs::remove_file(&moved).unwrap();
        assert!(file.prepare(false).is_err() && file.write(b"three\n").is_err());
        fs::remove_file(&path).unwrap();
        assert_eq!(line(&mut file, "four\n"), Some(false));
    }

    #[test]
    fn what_can_never_be_written_is_said_with_a_cure() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        symlink(at("there"), at("link")).unwrap();
        fs::write(at("there"), "").unwrap();
        for (name, said) in [
            ("none/audit.log", "make it, writable"),
            ("there/audit.log", "cannot look at"),
            ("link", "write the path of the file itself"),
            (".", "no ordinary file"),
        ] {
            let refused = check(&at(name)).unwrap_err();
            assert!(refused.contains(said), "{refused}");
            assert!(AuditFile::new(at(name)).prepare(false).is_err(), "{name}");
        }
        check(&at("new.log")).unwrap();
        check(&at("there")).unwrap();
        assert!(!at("new.log").exists(), "to check makes nothing");
    }
}
