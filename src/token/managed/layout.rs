//! Names and modes of the files.

use std::path::{Path, PathBuf};

/// A file of a managed directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Entry {
    Marker,
    Ca,
    NextCa,
    OldCa,
    Leaf,
    Previous,
    Bundle,
    Lock,
}

impl Entry {
    pub(super) const ALL: [Self; 8] = [
        Self::Marker,
        Self::Ca,
        Self::NextCa,
        Self::OldCa,
        Self::Leaf,
        Self::Previous,
        Self::Bundle,
        Self::Lock,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Marker => "dockgate-keys",
            Self::Ca => "ca.key",
            Self::NextCa => "ca-next.key",
            Self::OldCa => "ca-old.key",
            Self::Leaf => "leaf.key",
            Self::Previous => "previous.pem",
            Self::Bundle => "bundle.pem",
            Self::Lock => "lock",
        }
    }

    pub(super) fn is_secret(self) -> bool {
        matches!(self, Self::Ca | Self::NextCa | Self::OldCa | Self::Leaf)
    }

    pub(super) fn mode(self) -> u32 {
        if self.is_secret() || self == Self::Lock { 0o600 } else { 0o644 }
    }

    pub(super) fn of(self, root: &Path) -> PathBuf {
        root.join(self.name())
    }
}

/// Temporary files: whoever holds the lock removes those that a crash left.
pub(super) const TEMPORARY_PREFIX: &str = ".new-";

/// The first line of the marker, but for the version.
pub(super) const MARK: &str = "dockgate managed keys, version ";
/// The version that this build reads and writes.
pub(super) const VERSION: &str = "1";

/// The marker as it is written.
pub(super) fn marker() -> String {
    format!(
        "{MARK}{VERSION}\n\
         This directory is kept by dockgate. Files that end in .key are secret.\n\
         bundle.pem is what registries trust (auth.token.rootcertbundle).\n"
    )
}
