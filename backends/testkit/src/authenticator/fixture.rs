//! What the suite has to know of a backend. There are no defaults: whatever is not supported is said.

use crate::Report;

/// A wrong password that occurs nowhere else.
pub(super) const CANARY: &str = "wrong-canary-7f3a9c51-password";

/// The shortest right password of which a leak can be told from a coincidence, in bytes.
const SHORTEST: usize = 8;

/// Whom the backend under test knows, and what it does not do.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// An account with its right password, of at least 8 characters.
    pub known: Person,
    /// How the backend spells that account.
    pub canonical: String,
    /// An account that it does not know.
    pub unknown: Unknown,
    /// Whether it answers for the anonymous account.
    pub anonymous: Anonymous,
    /// Whether it can answer without a password.
    pub reload: Reload,
}

/// An account and its password.
#[derive(Clone)]
pub struct Person {
    /// As a client would write it.
    pub account: String,
    /// The right one.
    pub password: String,
}

impl Person {
    /// An account and its right password.
    pub fn new(account: impl Into<String>, password: impl Into<String>) -> Self {
        Self { account: account.into(), password: password.into() }
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("account", &self.account).finish_non_exhaustive()
    }
}

/// An account that the backend does not know, and how it says so.
#[derive(Clone, Debug)]
pub enum Unknown {
    /// A later link is asked.
    NoMatch(String),
    /// It cannot tell unknown from wrong.
    Deny(String),
}

impl Unknown {
    pub(super) fn account(&self) -> &str {
        match self {
            Self::NoMatch(account) | Self::Deny(account) => account,
        }
    }
}

/// Whether the backend answers for the anonymous account.
#[derive(Clone, Copy, Debug)]
pub enum Anonymous {
    /// It was configured to allow it.
    Allowed,
    /// It never does, or was not configured to; why.
    NotSupported(&'static str),
}

/// Whether the backend can say who somebody is without a password.
#[derive(Clone, Debug)]
pub enum Reload {
    /// It can.
    Supported {
        /// A subject that it does not know, such as one that was removed.
        removed: String,
        /// Whether its identities carry an epoch, so that a changed password ends what was issued on the old one.
        epoch: bool,
    },
    /// It cannot; why.
    NotSupported(&'static str),
}

impl Fixture {
    pub(super) fn refuse_if_useless(&self) {
        assert!(!self.known.account.is_empty(), "the fixture's known account must not be the anonymous one");
        assert!(
            self.known.password.len() >= SHORTEST,
            "the fixture's right password needs {SHORTEST} characters: a shorter one may occur in an answer \
             by chance"
        );
        assert!(
            self.known.account != self.unknown.account() && !self.unknown.account().is_empty(),
            "the fixture's unknown account must be another one than the known and the anonymous one"
        );
    }

    pub(super) fn note_unsupported(&self, report: &mut Report) {
        if let Anonymous::NotSupported(why) = self.anonymous {
            report.unsupported.push(format!("anonymous: {why}"));
        }
        if let Reload::NotSupported(why) = self.reload {
            report.unsupported.push(format!("reload: {why}"));
        }
    }
}
