//! What a backend answers.

use std::fmt;

use crate::BackendError;

/// A backend's answer: a decision, or the reason why it could not decide.
pub type Answer<T> = Result<Decision<T>, BackendError>;

/// How a backend decided.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<T> {
    /// Decided, in favour: the chain stops.
    Allow(T),
    /// Decided, against: the chain stops. The reason is for log and audit, never for the client.
    Deny(Reason),
    /// Not this backend's to decide: the next link is asked.
    NoMatch,
}

impl<T> Decision<T> {
    /// The allowed value, if it is one.
    pub fn allowed(self) -> Option<T> {
        match self {
            Self::Allow(value) => Some(value),
            Self::Deny(_) | Self::NoMatch => None,
        }
    }
}

/// Why a backend decided against: a code for machines and a detail for the administrator.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The kind of refusal.
    pub code: ReasonCode,
    /// For log and audit only; may name internals, never a secret.
    pub detail: String,
}

impl Reason {
    /// A reason with its detail.
    pub fn new(code: ReasonCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// The password, token or certificate is not this account's.
    pub fn bad_credentials(detail: impl Into<String>) -> Self {
        Self::new(ReasonCode::BadCredentials, detail)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() { self.code.fmt(f) } else { write!(f, "{}: {}", self.code, self.detail) }
    }
}

/// The kinds of refusal, as they appear in log, audit and metrics.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReasonCode {
    /// A wrong password, token or certificate.
    BadCredentials,
    /// Somebody disabled the account or rule.
    Disabled,
    /// Outside its window of validity.
    Expired,
    /// Locked, by us or by the directory.
    Locked,
    /// Not in the organization, domain or group that the backend demands.
    NotMember,
    /// It was there once: the account, or the link that knew it.
    Removed,
    /// Known and refused by rule.
    Forbidden,
}

impl ReasonCode {
    /// The code as it is written in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadCredentials => "bad_credentials",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Locked => "locked",
            Self::NotMember => "not_member",
            Self::Removed => "removed",
            Self::Forbidden => "forbidden",
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
