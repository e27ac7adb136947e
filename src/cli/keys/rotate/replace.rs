//! Puts a text in place of a file's, whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// What Kubernetes calls the link that it exchanges when a mounted `ConfigMap` changes.
const VOLUME_LINK: &str = "..data";

/// Why a file cannot be replaced.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unwritable {
    #[error("{} is a volume of Kubernetes: change the ConfigMap or Secret that it comes from", .0.display())]
    Volume(PathBuf),
    #[error("{} cannot be replaced ({error})", path.display())]
    Disk { path: PathBuf, error: io::Error },
    #[error("{} belongs to another user, and would not any more: do it as that user, or as root", .0.display())]
    Owner(PathBuf),
    #[error("{} was changed by somebody else meanwhile: look at it, and do it again", .0.display())]
    Changed(PathBuf),
}

/// Replaces the file that a path leads to, links included, if it still holds `old`. Its mode and owner stay, and after a
/// crash it is the old or the new one.
pub(super) fn replace(file: &Path, old: &str, new: &str) -> Result<(), Unwritable> {
    let failed = |error| Unwritable::Disk { path: file.to_path_buf(), error };
    let target = file.canonicalize().map_err(failed)?;
    let directory = target.parent().unwrap_or(Path::new("/")).to_path_buf();
    let beside = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if [beside, &directory].iter().any(|of| fs::symlink_metadata(of.join(VOLUME_LINK)).is_ok())
        || directory.parent().is_some_and(|above| fs::symlink_metadata(above.join(VOLUME_LINK)).is_ok())
    {
        return Err(Unwritable::Volume(beside.to_path_buf()));
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let temporary = directory.join(format!(".{name}.{}.new", std::process::id()));
    let made =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary).map_err(failed)?;
    let written = fill(&made, &target, new).and_then(|()| {
        if fs::read_to_string(&target).map_err(failed)? != old {
            return Err(Unwritable::Changed(file.to_path_buf()));
        }
        fs::rename(&temporary, &target).map_err(failed)
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
        return written;
    }
    // It is in place; a file system that knows no such thing is no reason to say that it is not.
    let _ = File::open(&directory).and_then(|directory| directory.sync_all());
    Ok(())
}

fn fill(made: &File, target: &Path, new: &str) -> Result<(), Unwritable> {
    let failed = |error| Unwritable::Disk { path: target.to_path_buf(), error };
    let (before, own) = (fs::metadata(target).map_err(failed)?, made.metadata().map_err(failed)?);
    if !before.is_file() {
        return Err(failed(io::Error::other("it is no regular file")));
    }
    if (before.uid(), before.gid()) != (own.uid(), own.gid())
        && fchown(made, Some(before.uid()), Some(before.gid())).is_err()
    {
        return Err(Unwritable::Owner(target.to_path_buf()));
    }
    made.set_permissions(before.permissions()).map_err(failed)?;
    let mut file = made;
    file.write_all(new.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn mode_and_links_stay() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("real.yml"), directory.path().join("auth.yml"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real.yml", &link).unwrap();
        replace(&link, "old", "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left");
    }

    #[test]
    fn what_somebody_else_wrote_is_not_lost() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("auth.yml");
        fs::write(&file, "theirs").unwrap();
        assert!(matches!(replace(&file, "old", "new"), Err(Unwritable::Changed(_))));
        assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left");
    }

    /// As a `ConfigMap` is mounted.
    #[test]
    fn a_volume_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let inside = directory.path().join("..2026_11_22");
        fs::create_dir(&inside).unwrap();
        fs::write(inside.join("auth.yml"), "old").unwrap();
        symlink("..2026_11_22", directory.path().join("..data")).unwrap();
        let file = directory.path().join("auth.yml");
        symlink("..data/auth.yml", &file).unwrap();
        assert!(matches!(replace(&file, "old", "new"), Err(Unwritable::Volume(_))));
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    }
}
