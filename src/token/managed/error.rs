use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::notice::day;
use crate::token::GenerateError;

/// Managed keys cannot be made or used. The message names the place and the cure, and holds nothing of a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManagedError {
    /// There is no such directory.
    #[error("{}: there is no such directory; make one with `dockgate keys init {}`", .0.display(), .0.display())]
    NoDirectory(PathBuf),
    /// It is a file.
    #[error("{}: this is a file; name a directory that `dockgate keys init` made", .0.display())]
    NotADirectory(PathBuf),
    /// Nothing is in it.
    #[error(
        "{}: the directory is empty; fill it with `dockgate keys init {}`, or mount what belongs there",
        .0.display(), .0.display()
    )]
    Empty(PathBuf),
    /// Something else is in it, or the marker is lost.
    #[error(
        "{}: this is no directory of managed keys: it holds '{found}' and no file `dockgate-keys`; name the right \
         directory, or make a new one with `dockgate keys init`", .directory.display()
    )]
    Foreign {
        /// The directory.
        directory: PathBuf,
        /// One of its files.
        found: String,
    },
    /// Made by another version of dockgate, or the marker is damaged.
    #[error(
        "{}: made for another version of dockgate: `dockgate-keys` begins with '{found}'; use that version, or make a \
         new directory with `dockgate keys init`", .directory.display()
    )]
    UnknownVersion {
        /// The directory.
        directory: PathBuf,
        /// The first line of the marker, shortened.
        found: String,
    },
    /// `init` finds managed keys.
    #[error(
        "{}: there are managed keys in it already: use them (`token.managed_keys`), or name another directory",
        .0.display()
    )]
    AlreadyManaged(PathBuf),
    /// `init` finds something else.
    #[error(
        "{}: the directory is not empty, it holds '{found}'; name another one. If a `dockgate keys init` was \
         interrupted here, empty the directory first", .directory.display()
    )]
    NotEmpty {
        /// The directory.
        directory: PathBuf,
        /// One of its files.
        found: String,
    },
    /// A file cannot be read.
    #[error(
        "{}: cannot be read ({error}); let the user or a group that dockgate runs as read it", .path.display()
    )]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file of a CA cannot be used.
    #[error(
        "{}: {problem}; restore the file from a copy of the directory. No other CA is made in its place, because no \
         registry would trust it", .path.display()
    )]
    DamagedCa {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The certificate in the file of a CA is not a CA's.
    #[error("{}: {subject} is no CA; restore the file from a copy of the directory", .path.display())]
    NotACa {
        /// The file.
        path: PathBuf,
        /// Whose certificate it is.
        subject: String,
    },
    /// Without the CA key a leaf cannot be replaced here, and this one cannot be used.
    #[error(
        "{}: {problem}, and the key of the CA is not here to make another; run `dockgate keys issue-leaf` where it is, \
         and bring its files here", .path.display()
    )]
    UnusableLeaf {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The bundle of a directory without CA key is missing or damaged.
    #[error(
        "{}: {problem}; run `dockgate keys issue-leaf` where the key of the CA is, and bring its files here",
        .path.display()
    )]
    UnusableBundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The CA has ended, and no other was published.
    #[error(
        "{}: {subject} ended on {}, and by the clock it is {}: set the clock if it is wrong; else make new keys with \
         `dockgate keys init` in another directory and give their bundle.pem to every registry",
        .path.display(), day(*.ended), day(*.now)
    )]
    CaEnded {
        /// The file.
        path: PathBuf,
        /// The CA.
        subject: String,
        /// Its end.
        ended: SystemTime,
        /// What the clock says.
        now: SystemTime,
    },
    /// The clock is before the CA's beginning.
    #[error(
        "{}: {subject} begins on {}, and by the clock it is {}: set the clock", .path.display(), day(*.begins),
        day(*.now)
    )]
    CaNotYetValid {
        /// The file.
        path: PathBuf,
        /// The CA.
        subject: String,
        /// Its beginning.
        begins: SystemTime,
        /// What the clock says.
        now: SystemTime,
    },
    /// No leaf could be renewed in time for tokens of such a life.
    #[error(
        "tokens that live for {} hours are too long for managed keys, whose leaves are renewed every few days: set \
         `token.expiration` to 5 days (432000) at the most, or sign with a certificate of your own", .0.as_secs() / 3600
    )]
    TokenTooLong(Duration),
    /// A leaf that was asked for is too short.
    #[error("a leaf must live for a day or more, and longer than it takes to bring the next one")]
    LeafTooShort,
    /// Somebody else holds the lock.
    #[error(
        "{}: locked for more than {} seconds by another process ({holder}): a dockgate that uses the same directory \
         hangs, or its disk does; end it and try again", .path.display(), .waited.as_secs()
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
        /// Who wrote its name there.
        holder: String,
    },
    /// A file cannot be written.
    #[error("{}: cannot be written ({error}); check the rights of the directory and the space on its disk", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Only the machine with the CA key can do this.
    #[error("{}: the key of the CA (ca.key) is not here; run this where it is", .0.display())]
    NoCaKey(PathBuf),
    /// There is a next CA already.
    #[error(
        "{}: there is a next CA already, published on {}; see that every registry has bundle.pem, then switch to it \
         with `dockgate keys switch-ca`", .path.display(), day(*.published)
    )]
    NextCaIsThere {
        /// Its file.
        path: PathBuf,
        /// When it was made.
        published: SystemTime,
    },
    /// The next CA is too new to take over unless somebody insists.
    #[error(
        "{}: the next CA was published less than a day ago, and registries that do not have bundle.pem since then would \
         refuse all tokens: give it to them, restart them, and come again, or insist with --now", .0.display()
    )]
    JustPublished(PathBuf),
    /// There is no next CA to switch to.
    #[error(
        "{}: there is no next CA; make one with `dockgate keys next-ca`, give bundle.pem to every registry, then switch",
        .0.display()
    )]
    NoNextCa(PathBuf),
    /// The directory for an offline leaf belongs to something else.
    #[error("{}: {problem}; name an empty directory, or one that `dockgate keys issue-leaf` made", .directory.display())]
    NotForLeaf {
        /// The directory.
        directory: PathBuf,
        /// What is there.
        problem: String,
    },
    /// The crypto library made no key or certificate.
    #[error(transparent)]
    Generate(#[from] GenerateError),
}

impl ManagedError {
    /// Whether reading is fine and writing is not.
    pub(super) fn is_about_writing(&self) -> bool {
        matches!(self, Self::Locked { .. } | Self::Unwritable { .. })
    }

    /// Whether nobody is meant to write here, as on a mounted Secret.
    pub(super) fn is_read_only(&self) -> bool {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        matches!(self, Self::Unwritable { error, .. } if matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem))
    }
}
