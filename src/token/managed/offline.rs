//! A directory without the key of its CA, and the command that makes one.

use std::path::Path;
use std::time::{Duration, SystemTime};

use dockgate_api::read_file;

use super::contents::{Contents, LARGEST_FILE, Leaf, certificates};
use super::current::{Current, exposed, of_the_ca};
use super::directory::Directory;
use super::error::ManagedError;
use super::keys::{ManagedKeys, close_to_others, make};
use super::layout::{Entry, marker};
use super::notice::{Notice, day};
use super::schedule::{due_at, is_usable, issuing};
use super::steps::write_leaf;
use crate::token::{Certificate, GenerateError, SigningKey};

/// The usual life of a leaf that is renewed by hand: 90 days.
pub const OFFLINE_LEAF_LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);
const SHORTEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A leaf for a machine that does not have the CA key.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct IssuedLeaf {
    /// The leaf's certificate; its end may be earlier than asked, because no leaf outlives its CA.
    pub certificate: Certificate,
    /// What registries should trust now, PEM.
    pub bundle_pem: String,
    /// What the administrator should know of the CA.
    pub notices: Vec<Notice>,
}

impl ManagedKeys {
    /// Issues a leaf that lives for `life` into another directory, which is made, or refreshed if it is an earlier one.
    /// That directory gets no CA key: the server's machine needs nothing else, and can sign only until the leaf ends.
    ///
    /// Where nothing but this command runs, this is when a next CA is made and takes over.
    ///
    /// # Errors
    /// The CA key is not here, one of both directories cannot be written, or the other one is of something else.
    pub fn issue_leaf(
        &self,
        into: &Path,
        life: Duration,
        now: SystemTime,
    ) -> Result<IssuedLeaf, ManagedError> {
        self.issue_leaf_into(&Directory::new(into.to_path_buf()), life, now)
    }

    pub(super) fn issue_leaf_into(
        &self,
        target: &Directory,
        life: Duration,
        now: SystemTime,
    ) -> Result<IssuedLeaf, ManagedError> {
        if life < SHORTEST {
            return Err(ManagedError::LeafTooShort);
        }
        let into = target.root();
        self.read()?.ca()?;
        make(into)?;
        let held = self.directory.lock()?;
        let (found, mut notices) = self.settle(&held, now)?;
        let leaf = issuing(&found, now)?.issue(now, life)?;
        let bundle = found.wanted_bundle(now);
        let made = Leaf::read(into, Some(leaf.clone().into_bytes()));
        let certificate = made.sound().map(|key| key.leaf().clone());
        let certificate = certificate.ok_or(GenerateError::Certificate)?;

        // Before the lock, which would be our own if both were the same directory.
        check_target(into, &found)?;
        let there = target.lock()?;
        let before = check_target(into, &found)?;
        close_to_others(into)?;
        // The leaf last but for the marker: a leaf that its bundle does not know is refused.
        there.write(Entry::Bundle, &bundle)?;
        match &before {
            Some(before) => write_leaf(&there, before, &leaf, now)?,
            None => there.write(Entry::Leaf, &leaf)?,
        }
        there.write(Entry::Marker, &marker())?;
        notices.extend(exposed(&found));
        notices.extend(of_the_ca(&found, now));
        Ok(IssuedLeaf { certificate, bundle_pem: bundle, notices })
    }
}

/// What is in the directory that a leaf is to be written to: nothing, or an earlier leaf of the same CA.
fn check_target(into: &Path, source: &Contents) -> Result<Option<Contents>, ManagedError> {
    let refuse = |problem: String| Err(ManagedError::NotForLeaf { directory: into.to_path_buf(), problem });
    let found = match Contents::read(into) {
        Ok(found) => found,
        Err(ManagedError::Empty(_)) => return Ok(None),
        // What this command leaves when it is interrupted; a foreign bundle is found out below.
        Err(ManagedError::Foreign { found, .. }) if found != Entry::Bundle.name() => {
            return refuse(format!("it holds '{found}' and no managed keys"));
        }
        Err(ManagedError::Foreign { .. }) => {
            return match first_bundle(into) {
                Some(bundle) if is_ours(&bundle, source) => Ok(None),
                _ => refuse("it holds a bundle.pem of something else".to_owned()),
            };
        }
        Err(error) => return Err(error),
    };
    if let Some(ca) = found.authorities().next() {
        return refuse(format!("it holds the key of {}", ca.certificate().subject()));
    }
    let bundle = found.bundle.as_deref().and_then(certificates).unwrap_or_default();
    match bundle.first() {
        Some(foreign) if !is_ours(&bundle, source) => {
            refuse(format!("it is for {}, which is another CA", foreign.subject()))
        }
        _ => Ok(Some(found)),
    }
}

fn first_bundle(into: &Path) -> Option<Vec<Certificate>> {
    certificates(&read_file(&Entry::Bundle.of(into), LARGEST_FILE).ok()?)
}

fn is_ours(bundle: &[Certificate], source: &Contents) -> bool {
    bundle.iter().any(|known| source.authorities().any(|ca| ca.certificate() == known))
}

/// What to sign with where the CA key is not.
pub(super) fn current(
    found: &Contents,
    now: SystemTime,
    longest_token: Duration,
) -> Result<Current, ManagedError> {
    let bundle_path = Entry::Bundle.of(&found.root);
    let unusable = |problem| ManagedError::UnusableBundle { path: bundle_path.clone(), problem };
    let bundle = found.bundle.as_deref().ok_or_else(|| unusable("the file is missing"))?;
    let authorities = certificates(bundle).filter(|all| !all.is_empty());
    let authorities = authorities.ok_or_else(|| unusable("holds no certificate, or a damaged one"))?;

    let leaf_path = Entry::Leaf.of(&found.root);
    let unusable =
        |problem: &str| ManagedError::UnusableLeaf { path: leaf_path.clone(), problem: problem.to_owned() };
    let leaf = match &found.leaf {
        Leaf::Missing => return Err(unusable("there is no leaf")),
        Leaf::Damaged(problem) => return Err(unusable(problem)),
        Leaf::Sound(leaf) => leaf.clone(),
    };
    if !authorities.iter().any(|ca| ca.may_issue() && leaf.leaf().is_issued_by(ca)) {
        return Err(unusable("the leaf is of no CA in bundle.pem"));
    }
    let mut notices = exposed(found);
    notices.extend(of_the_leaf(&leaf, &leaf_path, now, longest_token));
    Ok(Current::new(found, leaf, authorities, notices, now, longest_token))
}

fn of_the_leaf(leaf: &SigningKey, path: &Path, now: SystemTime, longest_token: Duration) -> Option<Notice> {
    const CURE: &str = "run `dockgate keys issue-leaf` where the key of the CA is, and bring its files here";
    let (path, begins, ends) = (path.display(), leaf.leaf().not_before(), leaf.leaf().not_after());
    if now < begins {
        let begins = day(begins);
        return Some(Notice::error(format!("{path}: the leaf begins on {begins} only: set the clock")));
    }
    if ends <= now {
        let ends = day(ends);
        return Some(Notice::error(format!(
            "{path}: the leaf ended on {ends}, and registries refuse its tokens; {CURE}"
        )));
    }
    let ends = day(ends);
    if !is_usable(leaf, now, longest_token) {
        return Some(Notice::error(format!(
            "{path}: the leaf ends on {ends}, and tokens are cut short by that; {CURE}"
        )));
    }
    let due = due_at(leaf, longest_token) <= now;
    due.then(|| Notice::warn(format!("{path}: the leaf ends on {ends}; {CURE}")))
}
