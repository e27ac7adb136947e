//! Doing what is due, one step at a time, under the lock.

use std::path::Path;
use std::time::SystemTime;

use dockgate_api::read_file;

use super::authority::Authority;
use super::contents::{Contents, LARGEST_FILE};
use super::current::{MOST_PREVIOUS, to_publish};
use super::directory::Held;
use super::error::ManagedError;
use super::layout::Entry;
use super::notice::Notice;
use super::schedule::{LEAF_LIFE, Reason, Step, issuing, switch_at};
use crate::token::Certificate;

/// Does one step. Returns what is to be said of it.
pub(super) fn take(
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
            let old = read_file(&path, LARGEST_FILE)
                .map_err(|error| ManagedError::Unreadable { path: path.clone(), error })?;
            let old = String::from_utf8_lossy(&old);
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
            let leaf = issuing(found, now)?.issue(now, LEAF_LIFE)?;
            write_leaf(held, found, &leaf, now)?;
            Ok(Some(renewed(&Entry::Leaf.of(root), reason)))
        }
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
        let previous = std::iter::once(before.leaf()).chain(&found.previous);
        let previous = previous.filter(|one| one.not_after() > now).take(MOST_PREVIOUS);
        held.write(Entry::Previous, &previous.map(Certificate::pem).collect::<String>())?;
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
