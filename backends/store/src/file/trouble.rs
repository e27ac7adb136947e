//! What can go wrong with a file, in words that say what to do.

use std::io::ErrorKind;
use std::path::Path;

/// What redb says, for whoever runs the server.
pub(super) fn words(error: &redb::Error, file: &Path) -> String {
    let file = file.display();
    match error {
        redb::Error::Io(error) => match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => format!(
                "there is no room to write {file} ({error}): make room; what was stored is kept, and the store goes on \
                 by itself"
            ),
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
                format!(
                    "{file} cannot be written ({error}): the store needs a directory that dockgate may write to"
                )
            }
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                damaged(&error.to_string(), &file.to_string())
            }
            _ => format!("{file} cannot be used: {error}"),
        },
        redb::Error::Corrupted(what) => damaged(what, &file.to_string()),
        redb::Error::UpgradeRequired(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableIsMultimap(_)
        | redb::Error::TypeDefinitionChanged { .. } => newer(&file.to_string()),
        error => format!("{file} cannot be used: {error}"),
    }
}

/// A file that is no store, or no longer one.
pub(super) fn damaged(what: &str, file: &str) -> String {
    format!(
        "{file} is damaged or no store of dockgate ({what}): put back a copy, or move it away and begin with an empty \
         store, after which everybody logs in anew; nothing was changed in it"
    )
}

/// A file of a release to come.
pub(super) fn newer(file: &str) -> String {
    format!(
        "{file} was written by a newer dockgate in a way that this one cannot read: run that release, or move the file \
         away and begin with an empty store"
    )
}
