//! `sign-in.key`: the key of a server whose store is a file and has no secret.
//!
//! Random bytes beside the store, for nobody else to read. One that is there is never replaced: whoever signed in would
//! have to do so again.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use dockgate_api::Random;
use rustix::fs::OFlags;

/// The file in the store's directory.
pub(super) const NAME: &str = "sign-in.key";
/// What it is called until it is whole; random letters follow.
const UNFINISHED: &str = "sign-in.key.new-";
/// In bytes.
const SIZE: usize = 32;

/// The key in a directory; none if there is none.
///
/// # Errors
/// What is wrong with the file, and the cure.
pub(super) fn read(directory: &Path) -> Result<Option<[u8; SIZE]>, String> {
    let path = directory.join(NAME);
    let shown = path.display();
    // A link in its place must not make us read elsewhere, nor a pipe make us wait.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{shown} cannot be read: {error}")),
    };
    let cannot = |error: io::Error| format!("{shown} cannot be read: {error}");
    let found = file.metadata().map_err(cannot)?;
    if !found.is_file() {
        return Err(format!("{shown} is no regular file: it holds the key that sign-ins are encrypted with"));
    }
    let us = rustix::process::geteuid().as_raw();
    if found.uid() != us {
        let owner = found.uid();
        return Err(format!(
            "{shown} belongs to user {owner}, and dockgate runs as {us}: give it to the user that dockgate runs as"
        ));
    }
    if found.mode() & 0o077 != 0 {
        return Err(format!(
            "{shown} can be read by others, and with it the tokens of everybody who signed in: `chmod 600` it; if others \
             may have read it, remove it, and everybody signs in again"
        ));
    }
    let mut bytes = Vec::new();
    file.take(SIZE as u64 + 1).read_to_end(&mut bytes).map_err(cannot)?;
    bytes.try_into().map(Some).map_err(|_| {
        format!(
            "{shown} is damaged: it does not hold {SIZE} bytes; put it back from a copy, or remove it, and everybody \
             signs in again"
        )
    })
}

/// The same; one is made if there is none.
///
/// # Errors
/// What is wrong with the file, or why it cannot be made.
pub(super) fn read_or_make(directory: &Path, random: &dyn Random) -> Result<[u8; SIZE], String> {
    if let Some(key) = read(directory)? {
        return Ok(key);
    }
    make(directory, random).map_err(|error| {
        format!(
            "{} cannot be made: {error}; dockgate must be able to write there",
            directory.join(NAME).display()
        )
    })?;
    read(directory)?.ok_or_else(|| format!("{} was removed just now", directory.join(NAME).display()))
}

/// Whole under another name first: a crash leaves no half key. Whoever was faster wins.
fn make(directory: &Path, random: &dyn Random) -> io::Result<()> {
    remove_unfinished(directory);
    let (mut key, mut bits) = ([0; SIZE], [0; 8]);
    for buffer in [&mut key[..], &mut bits[..]] {
        random.fill(buffer).map_err(io::Error::other)?;
    }
    let unfinished = directory.join(format!("{UNFINISHED}{:016x}", u64::from_le_bytes(bits)));
    let made =
        fill(&unfinished, &key).and_then(|()| match fs::hard_link(&unfinished, directory.join(NAME)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        });
    let _ = fs::remove_file(&unfinished);
    made?;
    File::open(directory)?.sync_all()
}

fn fill(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    // Whatever the umask says.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(content)?;
    file.sync_all()
}

/// Whoever makes a key has the store's file open, and is the only one.
fn remove_unfinished(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::RepeatableRandom;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_us_alone() {
        let directory = tempfile::tempdir().unwrap();
        let random = RepeatableRandom::seeded(1);
        assert_eq!(read(directory.path()), Ok(None), "who only looks makes none");
        fs::write(directory.path().join("sign-in.key.new-0"), "half").unwrap();
        let key = read_or_make(directory.path(), &random).unwrap();
        let names: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [NAME], "nothing unfinished is left");
        let mode = fs::metadata(directory.path().join(NAME)).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(read_or_make(directory.path(), &random), Ok(key), "it is there");
        let other = tempfile::tempdir().unwrap();
        assert_ne!(read_or_make(other.path(), &random), Ok(key));
    }

    #[test]
    fn a_key_that_is_no_good_is_refused_and_stays() {
        let directory = tempfile::tempdir().unwrap();
        let (path, random) = (directory.path().join(NAME), RepeatableRandom::seeded(1));
        for (content, mode, says) in [
            (&[1; 32][..], 0o640, "chmod 600"),
            (&[1; 32], 0o604, "chmod 600"),
            (&[1; 31], 0o600, "damaged"),
            (&[1; 33], 0o600, "damaged"),
            (&[], 0o600, "damaged"),
        ] {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = read_or_make(directory.path(), &random).unwrap_err();
            assert!(error.contains(says) && error.contains(NAME), "{error}");
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        fs::remove_file(&path).unwrap();
        let elsewhere = directory.path().join("elsewhere");
        fs::write(&elsewhere, [1; 32]).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert!(read_or_make(directory.path(), &random).is_err(), "a link");
    }

    #[test]
    fn a_directory_that_nobody_can_write_to_says_so() {
        let nowhere = tempfile::tempdir().unwrap().path().join("gone");
        let error = read_or_make(&nowhere, &RepeatableRandom::seeded(1)).unwrap_err();
        assert!(error.contains("cannot be made"), "{error}");
    }
}
