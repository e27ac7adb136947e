//! What the files look like at one moment.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// As many symbolic links as Linux follows.
const MOST_LINKS: usize = 40;

/// What tells one content of a file from another without reading it. The time of the last status change is among it: a
/// copy that keeps the old times, or another mode, shows there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    status_changed: (i64, i64),
}

/// Which directory it is: another of the same name is another one.
pub(super) type DirectoryId = (u64, u64);

/// A look at the files, and at the directories whose change can change them.
#[derive(Debug)]
pub(super) struct Look {
    /// For each path, in order; `None` if there is no such file, or it cannot be looked at.
    pub(super) files: Vec<Option<Fingerprint>>,
    /// The directories of the files and of every symbolic link on the way; `None` if it is missing.
    pub(super) directories: BTreeMap<PathBuf, Option<DirectoryId>>,
}

impl Look {
    pub(super) fn at(paths: &[PathBuf]) -> Self {
        let mut directories = BTreeMap::new();
        for path in paths {
            if let Some(id) = id(path) {
                // A directory that is watched for what stands in it.
                directories.insert(path.clone(), Some(id));
            }
            let mut hop = path.clone();
            for _ in 0..MOST_LINKS {
                let Some(parent) = hop.parent().map(Path::to_path_buf) else { break };
                directories.insert(parent.clone(), id(&parent));
                match fs::read_link(&hop) {
                    Ok(target) => hop = parent.join(target),
                    Err(_) => break,
                }
            }
        }
        let files = paths.iter().map(|path| fs::metadata(path).ok().map(|found| fingerprint(&found)));
        Self { files: files.collect(), directories }
    }

    pub(super) fn misses_a_directory(&self) -> bool {
        self.directories.values().any(Option::is_none)
    }
}

fn fingerprint(found: &Metadata) -> Fingerprint {
    Fingerprint {
        device: found.dev(),
        inode: found.ino(),
        size: found.size(),
        modified: (found.mtime(), found.mtime_nsec()),
        status_changed: (found.ctime(), found.ctime_nsec()),
    }
}

fn id(directory: &Path) -> Option<DirectoryId> {
    let found = fs::metadata(directory).ok()?;
    found.is_dir().then(|| (found.dev(), found.ino()))
}
