//! The directory in use.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::authority::Authority;
use super::contents::{Contents, Leaf, first_file};
use super::current::Current;
use super::directory::{Directory, Held};
use super::error::ManagedError;
use super::layout::{Entry, marker};
use super::memory::Memory;
use super::notice::Notice;
use super::schedule::{LEAF_LIFE, LONGEST_TOKEN, Reason, Step, TIME_TO_PUBLISH, left, next_step, switch_at};
use super::{offline, steps};
use crate::token::{Certificate, GenerateError, SigningKey};

/// More than a directory can be behind.
const MOST_STEPS: usize = 8;

/// Managed keys: see the [module](super). Everything here reads, and now and then writes, files: not for a thread that
/// must not block.
#[derive(Debug)]
pub struct ManagedKeys {
    pub(super) directory: Directory,
    memory: Memory,
}

/// A CA that follows another one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NextCa {
    /// Its certificate.
    pub certificate: Certificate,
    /// When it was made and put into the bundle. Registries that were not given the bundle since do not trust it.
    pub published: SystemTime,
    /// When leaves are issued by it.
    pub takes_over: SystemTime,
    /// What registries should trust now, PEM.
    pub bundle_pem: String,
}

impl ManagedKeys {
    /// Makes managed keys in an empty or new directory: a CA and the first leaf.
    ///
    /// # Errors
    /// Something is in the directory already, or it cannot be written.
    pub fn init(dir: &Path, now: SystemTime) -> Result<Self, ManagedError> {
        let directory = Directory::new(dir.to_path_buf());
        Self::init_in(directory, now)
    }

    pub(super) fn init_in(directory: Directory, now: SystemTime) -> Result<Self, ManagedError> {
        make(directory.root())?;
        refuse_unless_empty(directory.root())?;
        let held = directory.lock()?;
        // Two at once: the second finds what the first made.
        refuse_unless_empty(directory.root())?;
        let ca = Authority::make(now)?;
        let authority = Authority::read(&Entry::Ca.of(directory.root()), ca.as_bytes())?;
        held.write(Entry::Ca, &ca)?;
        held.write(Entry::Bundle, &authority.certificate().pem())?;
        held.write(Entry::Leaf, &authority.issue(now, LEAF_LIFE)?)?;
        // Last: a directory with a marker is complete.
        held.write(Entry::Marker, &marker())?;
        drop(held);
        Ok(Self::in_directory(directory))
    }

    /// The keys of a directory that nobody has looked at yet; [`ManagedKeys::current`] does.
    pub fn at(dir: &Path) -> Self {
        Self::in_directory(Directory::new(dir.to_path_buf()))
    }

    /// Opens a directory of managed keys. What is due is done in [`ManagedKeys::current`], not here.
    ///
    /// # Errors
    /// It is no such directory, or a CA in it is damaged.
    pub fn open(dir: &Path) -> Result<Self, ManagedError> {
        Contents::read(dir)?;
        Ok(Self::at(dir))
    }

    pub(super) fn in_directory(directory: Directory) -> Self {
        Self { directory, memory: Memory::default() }
    }

    /// The files whose change is a reason to call [`ManagedKeys::current`] again.
    pub fn files(&self) -> Vec<PathBuf> {
        let entries = Entry::ALL.into_iter().filter(|&entry| entry != Entry::Lock);
        entries.map(|entry| entry.of(self.directory.root())).collect()
    }

    /// What to sign with now. Renews what is due first, for all processes that share the directory.
    ///
    /// Call it at the start, when one of [`ManagedKeys::files`] changed, and at [`Current::renew_at`]. After an error
    /// go on with what the last call gave, as long as its leaf lives, and call again in a few minutes.
    ///
    /// `longest_token` is the longest life of a token that will be signed.
    ///
    /// # Errors
    /// There is nothing to sign with and nothing can be made: see [`ManagedError`]. An error changes nothing.
    pub fn current(&self, now: SystemTime, longest_token: Duration) -> Result<Current, ManagedError> {
        let found = Contents::read(self.directory.root())?;
        if found.ca.is_none() {
            return offline::current(&found, now, longest_token);
        }
        if longest_token > LONGEST_TOKEN {
            return Err(ManagedError::TokenTooLong(longest_token));
        }
        if let (Ok(None), Leaf::Sound(leaf)) = (next_step(&found, now, longest_token), &found.leaf) {
            return Ok(Current::of_ca(&found, leaf.clone(), now, longest_token));
        }
        match self.maintain(now, longest_token) {
            Ok((found, leaf, events)) => {
                let mut current = Current::of_ca(&found, leaf, now, longest_token);
                current.notices.splice(0..0, events);
                Ok(current)
            }
            Err(error) if error.is_about_writing() => self.memory.current(&found, &error, now, longest_token),
            Err(error) => Err(error),
        }
    }

    /// Replaces the leaf now, whether it is due or not, after everything else that is due. Returns the certificate of the
    /// new one.
    ///
    /// # Errors
    /// The CA key is elsewhere, or the directory cannot be written.
    pub fn renew(&self, now: SystemTime) -> Result<Certificate, ManagedError> {
        self.read()?.ca()?;
        let held = self.directory.lock()?;
        let (found, _) = self.settle(&held, now)?;
        steps::take(&held, &found, &Step::RenewLeaf(Reason::Aging), now)?;
        let found = self.read()?;
        let leaf = found.leaf.sound().ok_or(GenerateError::Certificate)?;
        Ok(leaf.leaf().clone())
    }

    /// Makes a next CA now, and puts it into the bundle.
    ///
    /// # Errors
    /// There is one already, the CA key is elsewhere, or the directory cannot be written.
    pub fn publish_next_ca(&self, now: SystemTime) -> Result<NextCa, ManagedError> {
        self.read()?.ca()?;
        let held = self.directory.lock()?;
        let found = self.read()?;
        if let Some(next) = &found.next {
            let path = Entry::NextCa.of(&found.root);
            return Err(ManagedError::NextCaIsThere { path, published: next.published() });
        }
        steps::take(&held, &found, &Step::PublishNext, now)?;
        let found = self.read()?;
        steps::take(&held, &found, &Step::WriteBundle, now)?;
        let next = found.next.as_ref().ok_or_else(|| ManagedError::NoNextCa(found.root.clone()))?;
        Ok(NextCa {
            certificate: next.certificate().clone(),
            published: next.published(),
            takes_over: switch_at(found.ca()?, next),
            bundle_pem: found.wanted_bundle(now),
        })
    }

    /// Lets the next CA take over now, and issues a leaf by it. The CA before stays in the bundle until it ends, or
    /// until its file `ca-old.key` is deleted.
    ///
    /// # Errors
    /// There is no next CA, it was published less than a day ago (unless `at_once`), it begins later by the clock, the CA
    /// key is elsewhere, or the directory cannot be written.
    pub fn switch_ca(&self, now: SystemTime, at_once: bool) -> Result<NextCa, ManagedError> {
        self.read()?.ca()?;
        let held = self.directory.lock()?;
        let found = self.read()?;
        let next = found.next.as_ref().ok_or_else(|| ManagedError::NoNextCa(found.root.clone()))?;
        if next.certificate().not_before() > now {
            return Err(ManagedError::CaNotYetValid {
                path: Entry::NextCa.of(&found.root),
                subject: next.certificate().subject().to_owned(),
                begins: next.certificate().not_before(),
                now,
            });
        }
        if !at_once && left(now, next.published()) < TIME_TO_PUBLISH {
            return Err(ManagedError::JustPublished(found.root.clone()));
        }
        for step in [Step::WriteBundle, Step::SwitchCa] {
            steps::take(&held, &found, &step, now)?;
        }
        let found = self.read()?;
        for step in [Step::WriteBundle, Step::RenewLeaf(Reason::OtherCa)] {
            steps::take(&held, &found, &step, now)?;
        }
        Ok(NextCa {
            certificate: found.ca()?.certificate().clone(),
            published: found.ca()?.published(),
            takes_over: now,
            bundle_pem: found.wanted_bundle(now),
        })
    }

    pub(super) fn read(&self) -> Result<Contents, ManagedError> {
        Contents::read(self.directory.root())
    }

    /// Does what is due but the renewal of the leaf.
    pub(super) fn settle(
        &self,
        held: &Held<'_>,
        now: SystemTime,
    ) -> Result<(Contents, Vec<Notice>), ManagedError> {
        let mut notices = Vec::new();
        let mut found = self.read()?;
        for _ in 0..MOST_STEPS {
            match next_step(&found, now, Duration::ZERO)? {
                None | Some(Step::RenewLeaf(_)) => break,
                Some(step) => notices.extend(steps::take(held, &found, &step, now)?),
            }
            found = self.read()?;
        }
        Ok((found, notices))
    }

    /// Does what is due, step by step, as long as it holds the lock.
    fn maintain(
        &self,
        now: SystemTime,
        longest_token: Duration,
    ) -> Result<(Contents, SigningKey, Vec<Notice>), ManagedError> {
        let held = self.directory.lock()?;
        let mut events = Vec::new();
        for _ in 0..MOST_STEPS {
            let found = self.read()?;
            match (next_step(&found, now, longest_token)?, &found.leaf) {
                (None, Leaf::Sound(leaf)) => {
                    let leaf = leaf.clone();
                    return Ok((found, leaf, events));
                }
                (Some(step), _) => events.extend(steps::take(&held, &found, &step, now)?),
                (None, _) => break,
            }
        }
        let error = std::io::Error::other("what was written there does not appear");
        Err(ManagedError::Unwritable { path: self.directory.root().to_path_buf(), error })
    }
}

/// Makes the directory unless it is there, for its owner alone.
pub(super) fn make(root: &Path) -> Result<(), ManagedError> {
    let unwritable = |error| ManagedError::Unwritable { path: root.to_path_buf(), error };
    if root.is_file() {
        return Err(ManagedError::NotADirectory(root.to_path_buf()));
    }
    if root.is_dir() {
        return Ok(());
    }
    // Only the last one is ours alone.
    root.parent().map_or(Ok(()), fs::create_dir_all).map_err(unwritable)?;
    match fs::DirBuilder::new().mode(0o700).create(root) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(unwritable(error)),
        _ => Ok(()),
    }
}

fn refuse_unless_empty(root: &Path) -> Result<(), ManagedError> {
    if Entry::Marker.of(root).exists() {
        return Err(ManagedError::AlreadyManaged(root.to_path_buf()));
    }
    match first_file(root)? {
        Some(found) => Err(ManagedError::NotEmpty { directory: root.to_path_buf(), found }),
        None => close_to_others(root),
    }
}

pub(super) fn close_to_others(root: &Path) -> Result<(), ManagedError> {
    fs::set_permissions(root, fs::Permissions::from_mode(0o700))
        .map_err(|error| ManagedError::Unwritable { path: root.to_path_buf(), error })
}
