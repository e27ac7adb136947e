//! Why there is no permission: for the client, and in full for the log.

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::{BackendError, Reason};

use crate::chain::LinkError;
use crate::lockout::Stopped;

/// Why there is no grant.
#[derive(Debug)]
pub enum Refusal {
    /// The request makes no sense; the text is for the client.
    Malformed(&'static str),
    /// Tokens are given for listed services only, and this is none of them.
    UnknownService,
    /// Nobody vouches for this login.
    BadCredentials,
    /// Too many logins failed, of this account or from there.
    Locked {
        /// When another try makes sense.
        retry_after: Duration,
    },
    /// The question could not be answered.
    Unavailable {
        /// When another try makes sense.
        retry_after: Duration,
        /// Whether nothing is broken, but more is asked than we take on.
        overloaded: bool,
    },
}

/// What is written down of an account that nobody knows.
pub(super) const UNKNOWN_ACCOUNT: (&str, &str) = ("unknown_account", "no backend knows the account");
/// What is said of a certificate and a login that contradict each other.
pub(super) const DIFFERENT_ACCOUNTS: &str = "the client certificate and the request name different accounts";
/// What is written down of a service that gets no tokens.
pub(super) const UNKNOWN_SERVICE: (&str, &str) =
    ("unknown_service", "not listed under token.services or token.keys");

/// Why nobody vouches for a login.
#[derive(Debug)]
pub(super) enum NotIdentified {
    /// A link, or the door itself, refused.
    Denied(Option<Arc<str>>, Reason),
    /// No link knows the account.
    Unknown,
    /// Nobody was asked: too many logins failed.
    Locked { retry_after: Duration, detail: &'static str },
    /// The client's certificate is one account's, and what else it says another's.
    Differs,
    /// A link could not answer.
    Failed(LinkError),
}

impl From<LinkError> for NotIdentified {
    fn from(error: LinkError) -> Self {
        Self::Failed(error)
    }
}

impl From<Stopped> for NotIdentified {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Banned { left, whole_place: false } => {
                let detail = "too many failed logins of this account from there (lockout.pair)";
                Self::Locked { retry_after: left, detail }
            }
            Stopped::Banned { left, whole_place: true } => Self::Locked {
                retry_after: left,
                detail: "too many failed logins from there (lockout.address)",
            },
            Stopped::Busy { retry_after } => {
                let detail = "too many logins wait because others failed (lockout.account)";
                Self::Locked { retry_after, detail }
            }
            Stopped::Repeated => {
                let detail = "the same password was wrong a moment ago (lockout.repeat)";
                Self::Denied(None, Reason::bad_credentials(detail))
            }
        }
    }
}

impl From<BackendError> for NotIdentified {
    fn from(error: BackendError) -> Self {
        Self::Failed(LinkError { link: "passwords".into(), error })
    }
}

impl From<NotIdentified> for Refusal {
    fn from(failure: NotIdentified) -> Self {
        match failure {
            NotIdentified::Denied(..) | NotIdentified::Unknown => Self::BadCredentials,
            NotIdentified::Locked { retry_after, .. } => Self::Locked { retry_after },
            NotIdentified::Differs => Self::Malformed(DIFFERENT_ACCOUNTS),
            NotIdentified::Failed(failed) => failed.into(),
        }
    }
}

impl From<LinkError> for Refusal {
    fn from(failed: LinkError) -> Self {
        let overloaded = matches!(failed.error, BackendError::Overloaded { .. });
        Self::Unavailable { retry_after: failed.error.retry_after(), overloaded }
    }
}
