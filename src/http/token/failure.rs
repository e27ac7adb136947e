//! Why a request gets no token, and what its client is told.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;

use crate::access::Refusal;
use crate::http::error_answer::ErrorAnswer;
use crate::metrics::Outcome;

/// What a client is told to wait when we are at fault.
const OUR_FAULT: Duration = Duration::from_secs(5);

/// Why a request gets no token.
pub(super) enum Failure {
    /// It cannot be understood.
    Request(&'static str),
    /// Its grant type is none that is offered.
    GrantType,
    /// It is larger than anybody needs.
    TooLarge,
    /// Its body took too long to arrive.
    TooSlow,
    /// It proves nothing, without anybody having been asked.
    NoProof,
    /// It was decided against.
    Refused(Refusal),
    /// It was decided in favour, and then the token could not be made.
    NotSigned,
    /// The token was made, and then its audit line could not be written.
    NotAudited,
}

impl Failure {
    /// What came of the request.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Request(_) | Self::GrantType | Self::Refused(Refusal::Malformed(_)) => Outcome::Malformed,
            Self::TooLarge => Outcome::TooLarge,
            Self::TooSlow => Outcome::TooSlow,
            Self::NoProof => Outcome::NoProof,
            Self::Refused(Refusal::UnknownService) => Outcome::UnknownService,
            Self::Refused(Refusal::BadCredentials) => Outcome::BadCredentials,
            Self::Refused(Refusal::Locked { .. }) => Outcome::Locked,
            Self::Refused(Refusal::Unavailable { overloaded: true, .. }) => Outcome::Overloaded,
            Self::Refused(Refusal::Unavailable { .. }) => Outcome::Unavailable,
            Self::NotSigned => Outcome::NotSigned,
            Self::NotAudited => Outcome::NotAudited,
        }
    }

    /// What is wrong, if nobody was asked: everything else was written down where it was decided.
    pub(super) fn at_the_door(&self) -> Option<&'static str> {
        match self {
            Self::Request(message) | Self::Refused(Refusal::Malformed(message)) => Some(message),
            Self::GrantType => Some("unsupported grant type"),
            Self::TooLarge => Some("larger than server.limits.body"),
            Self::TooSlow => Some("slower than server.limits.body_timeout"),
            Self::NoProof => Some("no proof that is accepted here"),
            Self::Refused(
                Refusal::UnknownService
                | Refusal::BadCredentials
                | Refusal::Locked { .. }
                | Refusal::Unavailable { .. },
            )
            | Self::NotSigned
            | Self::NotAudited => None,
        }
    }

    pub(super) fn respond(self, realm: &str) -> Response {
        let answer = match self {
            Self::Request(message) | Self::Refused(Refusal::Malformed(message)) => {
                ErrorAnswer::bad_request(message)
            }
            Self::GrantType => ErrorAnswer::bad_request("grant_type must be password or refresh_token")
                .oauth("unsupported_grant_type"),
            // RFC 8707, section 2.
            Self::Refused(Refusal::UnknownService) => {
                ErrorAnswer::bad_request("no tokens are given here for this registry's service")
                    .oauth("invalid_target")
            }
            Self::TooLarge => {
                ErrorAnswer::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", "the request is too large")
            }
            Self::TooSlow => {
                ErrorAnswer::new(StatusCode::REQUEST_TIMEOUT, "SIZE_INVALID", "the request took too long")
            }
            Self::NoProof | Self::Refused(Refusal::BadCredentials) => ErrorAnswer::bad_credentials(realm),
            Self::Refused(Refusal::Locked { retry_after }) => ErrorAnswer::locked(retry_after),
            Self::Refused(Refusal::Unavailable { retry_after, .. }) => ErrorAnswer::unavailable(retry_after),
            Self::NotSigned | Self::NotAudited => ErrorAnswer::unavailable(OUR_FAULT),
        };
        answer.respond()
    }
}
