//! Signing where nothing can be written.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::authority::Authority;
use super::contents::{Contents, Leaf};
use super::current::{Current, earlier};
use super::error::ManagedError;
use super::notice::Notice;
use super::schedule::{LEAF_LIFE, is_usable, issuing, next_step, reason};
use crate::token::{Certificate, GenerateError, SigningKey};

/// The leaf of a process that cannot write, if it has one.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Option<InMemory>>);

#[derive(Debug)]
struct InMemory {
    leaf: SigningKey,
    previous: Vec<Certificate>,
}

impl Memory {
    /// Something to sign with, though the directory could not be written: the leaf that is there, or else one in memory.
    pub(super) fn current(
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
        let mut current = match good_enough(found, issuer, read_only, now, longest_token) {
            Some(leaf) => Current::of_ca(found, leaf.clone(), now, longest_token),
            None => self.own(found, issuer, now, longest_token)?,
        };
        if !read_only {
            current.notices.push(Notice::error(error.to_string()));
            current.try_again_soon(now);
        } else if current.in_memory {
            current.notices.push(Notice::info(format!(
                "{}: the directory is not to be written, so this process makes leaves of its own and keeps them in \
                 memory",
                found.root.display()
            )));
        }
        Ok(current)
    }

    fn own(
        &self,
        found: &Contents,
        issuer: &Authority,
        now: SystemTime,
        longest_token: Duration,
    ) -> Result<Current, ManagedError> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = memory.as_ref();
        let kept = before.map(|before| before.leaf.clone());
        let due =
            |leaf: &SigningKey| reason(&Leaf::Sound(leaf.clone()), issuer, now, longest_token).is_some();
        let leaf = match kept.filter(|leaf| !due(leaf)) {
            Some(leaf) => leaf,
            None => issue(issuer, now)?,
        };
        let replaced = before.map(|before| &before.leaf).into_iter().chain(found.leaf.sound());
        let replaced: Vec<Certificate> = replaced.map(|leaf| leaf.leaf().clone()).collect();
        let previous = before.map(|before| before.previous.as_slice()).unwrap_or_default();
        let previous = earlier(replaced.iter().chain(previous).chain(&found.previous), &leaf, now);
        *memory = Some(InMemory { leaf: leaf.clone(), previous: previous.clone() });
        let mut current = Current::of_ca(found, leaf, now, longest_token);
        current.in_memory = true;
        current.previous = previous;
        Ok(current)
    }
}

/// The leaf of the directory, unless it is time for another. If writing should work and does not, it serves as long as
/// it can: other processes know it too.
fn good_enough<'a>(
    found: &'a Contents,
    issuer: &Authority,
    read_only: bool,
    now: SystemTime,
    longest_token: Duration,
) -> Option<&'a SigningKey> {
    let leaf = found.leaf.sound()?;
    let not_due = reason(&found.leaf, issuer, now, longest_token).is_none();
    let trusted = || found.trusted(now).iter().any(|ca| leaf.leaf().is_issued_by(ca));
    (not_due || (!read_only && is_usable(leaf, now, longest_token) && trusted())).then_some(leaf)
}

fn issue(issuer: &Authority, now: SystemTime) -> Result<SigningKey, ManagedError> {
    let pem = issuer.issue(now, LEAF_LIFE)?;
    match Leaf::read(Path::new("a leaf in memory"), Some(pem.into_bytes())) {
        Leaf::Sound(leaf) => Ok(leaf),
        Leaf::Missing | Leaf::Damaged(_) => Err(GenerateError::Certificate.into()),
    }
}
