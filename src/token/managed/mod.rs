//! Managed keys: a directory with a signing CA and a short-lived leaf that renews itself.
//!
//! Registries trust the CA, once and for years; tokens are signed by the leaf, whose certificate travels in `x5c`.
//!
//! # The directory
//!
//! | file | mode | content |
//! |---|---|---|
//! | `dockgate-keys` | 0644 | the mark of a managed directory and its version |
//! | `ca.key` | 0600 | key and certificate of the CA that issues leaves; absent where the CA is kept offline |
//! | `ca-next.key` | 0600 | the same of the CA that will follow; absent most of the time |
//! | `ca-old.key` | 0600 | the same of the CA before; may be deleted when no leaf of it is in use |
//! | `leaf.key` | 0600 | key and certificate of the leaf |
//! | `previous.pem` | 0644 | certificates of the leaves before, until they end |
//! | `bundle.pem` | 0644 | what registries trust: the CAs of all `ca*.key` files that have not ended |
//! | `lock` | 0600 | held by who writes |
//!
//! What ends in `.key` is secret, what ends in `.pem` is public. A key and its certificate are one file, so that
//! replacing both is one rename: a crash leaves the old pair or the new one. Files are only ever replaced, never
//! written in place, and only by the holder of the lock, who looks again at what is there once he has it. Each step
//! leaves a directory that is whole, and the next holder of the lock does the steps that are missing.
//!
//! # Three ways to use it
//!
//! * The directory of `dockgate keys init`, writable: leaves renew themselves, any number of processes share them.
//! * A copy of it that cannot be written, such as a mounted Secret: each process makes leaves of its own, in memory.
//! * A directory of `dockgate keys issue-leaf`, without a CA key: leaves live longer and are renewed by hand.
//!
//! # The clock
//!
//! Nothing is destroyed because of what the clock says. No CA key is ever deleted or overwritten by time alone, except
//! that a switch replaces `ca-old.key`, which takes a CA that is followed by two others. A CA that has ended is an error
//! and not a reason to make another one, which no registry would trust. A clock that is before the CA's beginning
//! changes nothing at all. A leaf from the future, made while the clock was wrong, is replaced by one of today; and a CA
//! that took over in a wrong future waits for it, while the one before goes on.

mod authority;
mod contents;
mod current;
mod directory;
mod error;
mod keys;
mod layout;
mod lock;
mod memory;
mod notice;
mod offline;
mod schedule;
mod steps;

pub use current::Current;
pub use error::ManagedError;
pub use keys::{ManagedKeys, NextCa};
pub use notice::{Notice, Severity};
pub use offline::{IssuedLeaf, OFFLINE_LEAF_LIFE};
pub use schedule::LONGEST_TOKEN;

#[cfg(test)]
mod tests;
