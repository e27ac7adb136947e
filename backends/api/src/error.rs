//! Why a question could not be answered.

use std::fmt;
use std::time::Duration;

/// The question could not be answered. The client gets 503 and none of the text; the text goes to the log.
///
/// This is not a refusal: it ends the request (or, where a link says `on_error: next`, the link's turn) and is
/// never counted as a failed login.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackendError {
    /// The directory, database or program cannot be reached or started.
    Unavailable(String),
    /// It did not answer before the deadline.
    Timeout(String),
    /// It answered something that makes no sense.
    Protocol(String),
    /// We have more work than we take on; ends the chain at once.
    Overloaded {
        /// What is overloaded.
        detail: String,
        /// When trying again makes sense.
        retry_after: Duration,
    },
}

impl BackendError {
    /// The kind, as it is written in logs and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::Timeout(_) => "timeout",
            Self::Protocol(_) => "protocol",
            Self::Overloaded { .. } => "overloaded",
        }
    }

    /// How long the client is told to wait.
    pub fn retry_after(&self) -> Duration {
        match self {
            Self::Overloaded { retry_after, .. } => *retry_after,
            Self::Unavailable(_) | Self::Timeout(_) | Self::Protocol(_) => Duration::from_secs(5),
        }
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(detail) => write!(f, "unavailable: {detail}"),
            Self::Timeout(detail) => write!(f, "timed out: {detail}"),
            Self::Protocol(detail) => write!(f, "unusable answer: {detail}"),
            Self::Overloaded { detail, .. } => write!(f, "overloaded: {detail}"),
        }
    }
}

impl std::error::Error for BackendError {}
