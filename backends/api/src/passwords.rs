//! Checking passwords against stored hashes.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::{BackendError, Call};

/// Checks passwords against stored hashes, on a bounded number of threads.
#[async_trait]
pub trait Passwords: Send + Sync {
    /// Says whether a stored hash can be checked at all, and counts its kind among those in use, of which unknown
    /// accounts imitate one: called once for each stored hash when it is read, not at every login.
    ///
    /// Keep what is returned beside the hash: it counts for as long as that exists.
    ///
    /// # Errors
    /// What is wrong with the hash and what to write instead. The text never contains the hash.
    fn accept(&self, stored: &str, formats: HashFormats) -> Result<HashInUse, String>;

    /// Whether the password belongs to the stored hash. Marks the call as having done password work.
    ///
    /// # Errors
    /// [`BackendError::Overloaded`] if too many passwords are waiting, [`BackendError::Protocol`] if the stored
    /// hash cannot be read or is of a kind that may not stand there.
    async fn verify(
        &self,
        cx: &Call,
        stored: &str,
        formats: HashFormats,
        password: &SecretString,
    ) -> Result<bool, BackendError>;

    /// The same without what is remembered of earlier checks, so that a right password takes as long as a wrong one:
    /// for an account that is closed, of which nobody may learn that way that a password is right.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    async fn verify_anew(
        &self,
        cx: &Call,
        stored: &str,
        formats: HashFormats,
        password: &SecretString,
    ) -> Result<bool, BackendError>;

    /// A short text that changes when the stored hash does; see [`Identity::epoch`](crate::Identity::epoch).
    fn epoch(&self, stored: &str) -> String;
}

/// Which kinds of hash a place may hold.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashFormats {
    /// Those that are slow on purpose: bcrypt, argon2id, sha-crypt.
    Modern,
    /// Those of an htpasswd file that others wrote: Apache's MD5 and SHA-1 too.
    Htpasswd,
}

/// Says that a stored hash is in use, until it is dropped. As small as a pointer.
#[must_use = "without it beside the hash, the hash does not count as in use"]
pub struct HashInUse {
    _counter: Arc<()>,
}

impl HashInUse {
    /// One more use, for those who implement [`Passwords`]: as many are in use as the counter has owners beside the
    /// first ([`Arc::strong_count`]).
    pub fn counted_by(counter: &Arc<()>) -> Self {
        Self { _counter: Arc::clone(counter) }
    }
}

impl fmt::Debug for HashInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashInUse")
    }
}
