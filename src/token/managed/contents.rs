//! What is in the directory.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use dockgate_api::read_file;

use super::authority::Authority;
use super::directory::{VOLUME_LINK, is_temporary};
use super::error::ManagedError;
use super::layout::{Entry, MARK, VERSION};
use super::lock;
use crate::token::{Certificate, PemFile, SigningKey};

/// No file of a managed directory comes near this.
pub(super) const LARGEST_FILE: u64 = 1 << 20;
/// Of a foreign marker, in the error.
const SHOWN: usize = 60;
const READ_BY_OTHERS: u32 = 0o004;

/// The directory as it was read; not at one moment, unless the lock is held.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) root: PathBuf,
    pub(super) ca: Option<Authority>,
    pub(super) next: Option<Authority>,
    pub(super) old: Option<Authority>,
    pub(super) leaf: Leaf,
    /// Newest first.
    pub(super) previous: Vec<Certificate>,
    pub(super) bundle: Option<Vec<u8>>,
    /// Secret files that every user of the machine can read.
    pub(super) exposed: Vec<Entry>,
}

/// The leaf's file.
#[derive(Debug)]
pub(super) enum Leaf {
    Missing,
    Damaged(String),
    Sound(SigningKey),
}

impl Contents {
    pub(super) fn read(root: &Path) -> Result<Self, ManagedError> {
        // All files of a mounted volume of Kubernetes change at once, when this link does: so read from one version.
        let volume = root.join(VOLUME_LINK).canonicalize();
        let from = volume.as_deref().unwrap_or(root);
        check_marker(root, from)?;
        let ca = |entry: Entry| -> Result<Option<Authority>, ManagedError> {
            let path = entry.of(root);
            read_entry(root, from, entry)?.map(|pem| Authority::read(&path, &pem)).transpose()
        };
        // The successor first: between the two a switch may rename it, and then it is read as the current one.
        let next = ca(Entry::NextCa)?;
        Ok(Self {
            ca: ca(Entry::Ca)?,
            next,
            old: ca(Entry::OldCa)?,
            leaf: Leaf::read(&Entry::Leaf.of(root), read_entry(root, from, Entry::Leaf)?),
            // Only JWKS documents name these, so that a damaged file is no reason to stop.
            previous: read_entry(root, from, Entry::Previous)?
                .and_then(|pem| certificates(&pem))
                .unwrap_or_default(),
            bundle: read_entry(root, from, Entry::Bundle)?,
            exposed: Entry::ALL
                .into_iter()
                .filter(|entry| entry.is_secret() && is_exposed(&entry.of(from)))
                .collect(),
            root: root.to_path_buf(),
        })
    }

    /// The CA that issues leaves.
    pub(super) fn ca(&self) -> Result<&Authority, ManagedError> {
        self.ca.as_ref().ok_or_else(|| ManagedError::NoCaKey(self.root.clone()))
    }

    /// Every CA there is, the current one first.
    pub(super) fn authorities(&self) -> impl Iterator<Item = &Authority> {
        self.ca.iter().chain(&self.next).chain(&self.old)
    }

    /// The certificates that registries should trust at that time. A switch that was interrupted leaves one CA in two
    /// files.
    pub(super) fn trusted(&self, now: SystemTime) -> Vec<&Certificate> {
        let mut trusted = Vec::new();
        for certificate in self.authorities().map(Authority::certificate) {
            if certificate.not_after() > now && !trusted.contains(&certificate) {
                trusted.push(certificate);
            }
        }
        trusted
    }

    /// What should be in the bundle.
    pub(super) fn wanted_bundle(&self, now: SystemTime) -> String {
        self.trusted(now).into_iter().map(Certificate::pem).collect()
    }
}

impl Leaf {
    pub(super) fn sound(&self) -> Option<&SigningKey> {
        match self {
            Self::Sound(key) => Some(key),
            Self::Missing | Self::Damaged(_) => None,
        }
    }

    pub(super) fn read(path: &Path, pem: Option<Vec<u8>>) -> Self {
        let Some(pem) = pem else { return Self::Missing };
        let file = PemFile { path, bytes: &pem };
        match SigningKey::from_pem(file, file) {
            Ok(key) => Self::Sound(key),
            Err(error) => Self::Damaged(error.problem().to_string()),
        }
    }
}

fn check_marker(root: &Path, from: &Path) -> Result<(), ManagedError> {
    let Some(marker) = read_entry(root, from, Entry::Marker)? else {
        return Err(match first_file(root)? {
            None => ManagedError::Empty(root.to_path_buf()),
            Some(found) => ManagedError::Foreign { directory: root.to_path_buf(), found },
        });
    };
    let text = String::from_utf8_lossy(&marker);
    let line = text.lines().next().unwrap_or_default().trim_end();
    if line.strip_prefix(MARK) == Some(VERSION) {
        return Ok(());
    }
    let found = line.chars().take(SHOWN).map(|c| if c.is_control() { '?' } else { c }).collect();
    Err(ManagedError::UnknownVersion { directory: root.to_path_buf(), found })
}

/// The name of a file in the directory that somebody put there; the lock does not count, nor what a file system makes.
pub(super) fn first_file(root: &Path) -> Result<Option<String>, ManagedError> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotADirectory => ManagedError::NotADirectory(root.to_path_buf()),
        io::ErrorKind::NotFound => ManagedError::NoDirectory(root.to_path_buf()),
        _ => ManagedError::Unreadable { path: root.to_path_buf(), error },
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(root).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        let lock = name == Entry::Lock.name() && lock::is_ours(&root.join(&name));
        if !is_temporary(&name) && !lock && name != "lost+found" {
            names.push(name);
        }
    }
    // The same one each time.
    names.sort_unstable();
    Ok(names
        .into_iter()
        .next()
        .map(|name| name.chars().map(|c| if c.is_control() { '?' } else { c }).collect()))
}

fn read_entry(root: &Path, from: &Path, entry: Entry) -> Result<Option<Vec<u8>>, ManagedError> {
    match read_file(&entry.of(from), LARGEST_FILE) {
        Ok(bytes) => Ok(Some(bytes)),
        // A missing directory is found out with the marker.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(ManagedError::Unreadable { path: entry.of(root), error }),
    }
}

fn is_exposed(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & READ_BY_OTHERS != 0)
}

/// The certificates of a PEM file; `None` if one is damaged.
pub(super) fn certificates(pem: &[u8]) -> Option<Vec<Certificate>> {
    if pem.iter().all(u8::is_ascii_whitespace) {
        return Some(Vec::new());
    }
    Certificate::read_all(pem).ok().map(|(certificates, _)| certificates)
}
