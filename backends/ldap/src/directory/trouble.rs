//! Why one server gave no answer, and whether another may.

use std::time::Duration;

use dockgate_api::BackendError;

use super::PoolBounds;
use super::pool::Full;
use crate::failure::Failure;
use crate::wire::{Connection, Endpoint};

/// How long a client is told to wait when all connections are taken.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why one server gave no answer to one question.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) error: BackendError,
    /// Whether another server may do better.
    pub(super) next: bool,
}

impl Trouble {
    pub(super) fn next(error: BackendError) -> Self {
        Self { error, next: true }
    }

    pub(super) fn last(error: BackendError) -> Self {
        Self { error, next: false }
    }

    /// A failure of a server.
    pub(super) fn of(endpoint: &Endpoint, failure: &Failure) -> Self {
        let detail = named(endpoint, &failure.to_string());
        match failure {
            Failure::Unreachable(_) => Self::next(BackendError::Unavailable(detail)),
            Failure::Late(_) => Self::next(BackendError::Timeout(detail)),
            Failure::Refused { code, .. } if is_busy(*code) => Self::next(BackendError::Unavailable(detail)),
            // timeLimitExceeded: the server kept to the time that it was given.
            Failure::Refused { code: 3, .. } => Self::last(BackendError::Timeout(detail)),
            Failure::Refused { .. } => Self::last(BackendError::Protocol(detail)),
            // It does not rest for that: an entry that is too much to be read is somebody's, and not everybody's trouble.
            Failure::Nonsense(_) => Self::next(BackendError::Protocol(detail)),
        }
    }

    /// All its connections are taken.
    pub(super) fn full(endpoint: &Endpoint, full: Full, bounds: PoolBounds) -> Self {
        let most = bounds.max_connections;
        let detail = match full {
            Full::Queue => format!("{} questions wait already (`pool.max_queue`)", bounds.max_queue),
            Full::Late => format!("none of {most} connections became free in time (`pool.max_connections`)"),
        };
        let error = BackendError::Overloaded { detail: named(endpoint, &detail), retry_after: RETRY_AFTER };
        Self { error, next: full == Full::Late }
    }
}

/// What ended a new connection before its first answer. With TLS 1.3 a server judges our certificate after the handshake,
/// and some close the connection without a word.
pub(super) fn unanswered(connection: &Connection, failure: Failure) -> Failure {
    match failure {
        Failure::Unreachable(text) if connection.facts().tls.is_some() && !text.contains(CERTIFICATE) => {
            Failure::Unreachable(format!(
                "{text}, before it answered anything: if it wants to see who connects, give it another certificate with \
                 `{CERTIFICATE}` and `client_key`"
            ))
        }
        other => other,
    }
}

const CERTIFICATE: &str = "client_certificate";

/// Whether a result code says that the server has no time now: busy or unavailable (RFC 4511 appendix A).
pub(super) fn is_busy(code: u32) -> bool {
    matches!(code, 51 | 52)
}

/// A detail that says which server it is about.
pub(super) fn named(endpoint: &Endpoint, detail: &str) -> String {
    let name = endpoint.to_string();
    if detail.contains(&name) { detail.to_owned() } else { format!("{name}: {detail}") }
}
