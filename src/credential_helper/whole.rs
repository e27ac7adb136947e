//! Files that are there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Writes a file with secrets in it: after a crash it is the old or the new one. A link stays a link; a new file is its
/// owner's alone, and one that is there keeps its mode.
///
/// # Errors
/// If it cannot be written; then it is as before.
pub(crate) fn write_whole(path: &Path, text: &[u8]) -> io::Result<()> {
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_path_buf(),
        Err(error) => return Err(error),
    };
    let mode = fs::metadata(&target).map_or(0o600, |found| found.permissions().mode() & 0o777);
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let temporary = directory.join(format!(".{name}.{}.new", std::process::id()));
    // What a process of the same number left when it was killed.
    let _ = fs::remove_file(&temporary);
    let written = fill(&temporary, text, mode).and_then(|()| fs::rename(&temporary, &target));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
        return written;
    }
    // It is in place; a file system that knows no such thing is no reason to say that it is not.
    let _ = File::open(directory).and_then(|directory| directory.sync_all());
    Ok(())
}

fn fill(temporary: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(text)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn modes_and_links_stay_and_nothing_else_does() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("config.json"), directory.path().join("link.json"));
        write_whole(&file, b"one").unwrap();
        assert_eq!(mode(&file), 0o600, "new");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("config.json", &link).unwrap();
        write_whole(&link, b"two").unwrap();
        assert_eq!((fs::read_to_string(&file).unwrap().as_str(), mode(&file)), ("two", 0o640));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left");
        assert!(write_whole(&directory.path().join("none/config.json"), b"").is_err());
    }
}
