//! The directory in use.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::authority::Authority;
use super::certificate::PublicCertificate;
use super::contents::{Contents, Leaf, first_file};
use super::current::{Current, earlier, to_publish};
use super::directory::{Directory, Held};
use super::error::ManagedError;
use super::layout::{Entry, marker};
use super::notice::Notice;
use super::offline;
use super::schedule::{
    LEAF_LIFE, LONGEST_TOKEN, Reason, Step, is_usable, issuing, next_step, reason, switch_at,
};

/// More than a directory can be behind.
pub(super) const MOST_STEPS: usize = 8;

/// Managed keys: see the [module](super). Everything here reads, and now and then writes, files: not for a thread that
/// must not block.
#[derive(Debug)]
pub struct ManagedKeys {
    pub(super) directory: Directory,
    memory: Mutex<Option<InMemory>>,
}

/// A leaf of a process that cannot write.
#[derive(Debug)]
struct InMemory {
    leaf: Leaf,
    previous: Vec<PublicCertificate>,
}

/// A CA that follows another one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NextCa {
    /// Its certificate.
    pub certificate: PublicCertificate,
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

    /// Opens a directory of managed keys. What is due is done in [`ManagedKeys::current`], not here.
    ///
    /// # Errors
    /// It is no such directory, or a CA in it is damaged.
    pub fn open(dir: &Path) -> Result<Self, ManagedError> {
        Contents::read(dir)?;
        Ok(Self::in_directory(Directory::new(dir.to_path_buf())))
    }

    pub(super) fn in_directory(directory: Directory) -> Self {
        Self { directory, memory: Mutex::new(None) }
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
            Err(error) if error.is_about_writing() => {
                self.without_writing(&found, &error, now, longest_token)
            }
            Err(error) => Err(error),
        }
    }

    /// Replaces the leaf now, whether it is due or not. Returns the certificate of the new one.
    ///
    /// # Errors
    /// The CA key is elsewhere, or the directory cannot be written.
    pub fn renew(&self, now: SystemTime) -> Result<PublicCertificate, ManagedError> {
        self.read()?.ca()?;
        let held = self.directory.lock()?;
        let found = self.read()?;
        self.take(&held, &found, &Step::RenewLeaf(Reason::Aging), now)?;
        match self.read()?.leaf.sound() {
            Some(leaf) => PublicCertificate::from_der(leaf.leaf().der()),
            None => None,
        }
        .ok_or_else(|| crate::token::GenerateError::Certificate.into())
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
        self.take(&held, &found, &Step::PublishNext, now)?;
        let found = self.read()?;
        self.take(&held, &found, &Step::WriteBundle, now)?;
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
    /// There is no next CA, it begins later by the clock, the CA key is elsewhere, or the directory cannot be written.
    pub fn switch_ca(&self, now: SystemTime) -> Result<NextCa, ManagedError> {
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
        for step in [Step::WriteBundle, Step::SwitchCa] {
            self.take(&held, &found, &step, now)?;
        }
        let found = self.read()?;
        for step in [Step::WriteBundle, Step::RenewLeaf(Reason::OtherCa)] {
            self.take(&held, &found, &step, now)?;
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

    /// Does what is due, step by step, as long as it holds the lock.
    fn maintain(
        &self,
        now: SystemTime,
        longest_token: Duration,
    ) -> Result<(Contents, crate::token::SigningKey, Vec<Notice>), ManagedError> {
        let held = self.directory.lock()?;
        let mut events = Vec::new();
        for _ in 0..MOST_STEPS {
            let found = self.read()?;
            match (next_step(&found, now, longest_token)?, &found.leaf) {
                (None, Leaf::Sound(leaf)) => {
                    let leaf = leaf.clone();
                    return Ok((found, leaf, events));
                }
                (Some(step), _) => events.extend(self.take(&held, &found, &step, now)?),
                (None, _) => break,
            }
        }
        let error = std::io::Error::other("what was written there does not appear");
        Err(ManagedError::Unwritable { path: self.directory.root().to_path_buf(), error })
    }

    /// Does one step. Returns what is to be said of it.
    pub(super) fn take(
        &self,
        held: &Held<'_>,
        found: &Contents,
        step: &Step,
        now: SystemTime,
    ) -> Result<Option<Notice>, ManagedError> {
        let root = &found.root;
        match step {
            Step::PublishNext => {
                let pem = Authority::make(now)?;
                let next = Authority::read(&Entry::NextCa.of(root), pem.as_bytes())?;
                held.write(Entry::NextCa, &pem)?;
                Ok(Some(Notice::warn(to_publish(&next, switch_at(found.ca()?, &next)))))
            }
            Step::WriteBundle => {
                held.write(Entry::Bundle, &found.wanted_bundle(now))?;
                Ok(None)
            }
            Step::SwitchCa => {
                let path = Entry::Ca.of(root);
                let old = fs::read_to_string(&path)
                    .map_err(|error| ManagedError::Unreadable { path: path.clone(), error })?;
                // A crash in between leaves the old CA twice, and the next holder of the lock begins again.
                held.write(Entry::OldCa, &old)?;
                held.rename(Entry::NextCa, Entry::Ca)?;
                let subject = found.next.as_ref().map_or("the next CA", |next| next.certificate().subject());
                Ok(Some(Notice::warn(format!(
                    "{}: {subject} has taken over: leaves are issued by it from now on",
                    root.display()
                ))))
            }
            Step::RenewLeaf(reason) => {
                let leaf = found.ca()?.issue(now, LEAF_LIFE)?;
                write_leaf(held, found, &leaf, now)?;
                Ok(Some(renewed(&Entry::Leaf.of(root), reason)))
            }
        }
    }

    /// Something to sign with, though the directory could not be written.
    fn without_writing(
        &self,
        found: &Contents,
        error: &ManagedError,
        now: SystemTime,
        longest_token: Duration,
    ) -> Result<Current, ManagedError> {
        // What is wrong beyond writing comes first.
        next_step(found, now, longest_token)?;
        let issuer = issuing(found, now)?;
        let read_only = error.is_read_only();
        let due = |leaf: &Leaf| reason(leaf, issuer, now, longest_token).is_some();
        if let Leaf::Sound(leaf) = &found.leaf {
            let ours = || found.trusted(now).any(|ca| ca.issued(leaf.leaf().der()));
            let good_enough = !read_only && is_usable(leaf, now, longest_token) && ours();
            if !due(&found.leaf) || good_enough {
                let mut current = Current::of_ca(found, leaf.clone(), now, longest_token);
                if !read_only {
                    current.notices.push(Notice::error(error.to_string()));
                    current.try_again_soon(now);
                }
                return Ok(current);
            }
        }
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let (leaf, previous) = match memory.take() {
            Some(InMemory { leaf: Leaf::Sound(leaf), previous }) => (Some(leaf), previous),
            _ => (None, Vec::new()),
        };
        let kept = leaf.clone().map(Leaf::Sound).filter(|leaf| !due(leaf));
        let Leaf::Sound(key) = (match kept {
            Some(leaf) => leaf,
            None => {
                Leaf::read(Path::new("a leaf in memory"), Some(issuer.issue(now, LEAF_LIFE)?.into_bytes()))
            }
        }) else {
            return Err(crate::token::GenerateError::Certificate.into());
        };
        let before = leaf.iter().chain(found.leaf.sound());
        let before: Vec<_> =
            before.filter_map(|leaf| PublicCertificate::from_der(leaf.leaf().der())).collect();
        let mut current = Current::of_ca(found, key.clone(), now, longest_token);
        current.in_memory = true;
        current.previous = earlier(before.iter().chain(&previous).chain(&found.previous), &key, now);
        if read_only {
            current.notices.push(Notice::info(format!(
                "{}: the directory is not to be written, so this process makes leaves of its own and keeps them in \
                 memory",
                self.directory.root().display()
            )));
        } else {
            current.notices.push(Notice::error(error.to_string()));
            current.try_again_soon(now);
        }
        *memory = Some(InMemory { leaf: Leaf::Sound(key), previous: current.previous.clone() });
        Ok(current)
    }
}

/// Replaces the leaf. The one before goes into `previous.pem` first, so that no crash loses it.
pub(super) fn write_leaf(
    held: &Held<'_>,
    found: &Contents,
    leaf: &str,
    now: SystemTime,
) -> Result<(), ManagedError> {
    if let Some(before) = found.leaf.sound() {
        let certificate = PublicCertificate::from_der(before.leaf().der());
        let previous: Vec<PublicCertificate> = certificate
            .iter()
            .chain(&found.previous)
            .filter(|one| one.not_after() > now)
            .take(super::current::MOST_PREVIOUS)
            .cloned()
            .collect();
        held.write(Entry::Previous, &previous.iter().map(PublicCertificate::pem).collect::<String>())?;
    }
    held.write(Entry::Leaf, leaf)
}

fn renewed(path: &Path, reason: &Reason) -> Notice {
    let path = path.display();
    match reason {
        Reason::Aging => Notice::info(format!("{path}: the leaf was due and has been renewed")),
        Reason::OtherCa => Notice::warn(format!("{path}: the leaf was of another CA and has been replaced")),
        Reason::Missing => Notice::warn(format!("{path}: there was no leaf; a new one has been made")),
        Reason::Damaged(problem) => Notice::warn(format!("{path}: {problem}; a new leaf has been made")),
        Reason::NotYetValid => Notice::warn(format!(
            "{path}: the leaf was from the future and has been replaced; was the clock wrong?"
        )),
    }
}

/// Makes the directory unless it is there, for its owner alone.
pub(super) fn make(root: &Path) -> Result<(), ManagedError> {
    let unwritable = |error| ManagedError::Unwritable { path: root.to_path_buf(), error };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(unwritable)
}

fn refuse_unless_empty(root: &Path) -> Result<(), ManagedError> {
    if Entry::Marker.of(root).exists() {
        return Err(ManagedError::AlreadyManaged(root.to_path_buf()));
    }
    match first_file(root)? {
        Some(found) => Err(ManagedError::NotEmpty { directory: root.to_path_buf(), found }),
        None => fs::set_permissions(root, fs::Permissions::from_mode(0o700))
            .map_err(|error| ManagedError::Unwritable { path: root.to_path_buf(), error }),
    }
}
