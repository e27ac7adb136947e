//! What programs are told (RFC 6749, section 5.2; RFC 8628, section 3.5).

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::Response;
use dockgate_api::BackendError;
use serde::Serialize;

use super::NotIssued;
use crate::http::{BadBody, json_of, seconds};
use crate::login::Visit;

/// Why a program gets no code, or no credential (yet).
#[derive(Debug)]
pub(super) enum Refused {
    /// It cannot be understood.
    Request(&'static str),
    /// The scope cannot be understood.
    Scope(String),
    /// Its grant type is none that is offered.
    GrantType,
    /// The code or the credential is not good (any more).
    Grant,
    /// Nobody has confirmed yet.
    Pending,
    /// The same, and it asks too often.
    SlowDown,
    /// It is too late to confirm.
    Expired,
    /// Somebody has refused, or may not have it.
    Denied(&'static str),
    /// Too many were asked for.
    TooMany(Duration),
    /// It is larger than anybody needs.
    TooLarge,
    /// It took too long to arrive.
    TooSlow,
    /// It cannot be known now.
    Unavailable(Duration),
}

#[derive(Serialize)]
struct Document<'a> {
    error: &'static str,
    error_description: &'a str,
}

fn bad<'a>(error: &'static str, what: &'a str) -> (StatusCode, &'static str, &'a str) {
    (StatusCode::BAD_REQUEST, error, what)
}

impl Refused {
    fn words(&self) -> (StatusCode, &'static str, &str) {
        match self {
            Self::Request(what) => bad("invalid_request", what),
            Self::Scope(what) => bad("invalid_scope", what),
            Self::GrantType => {
                bad("unsupported_grant_type", "only a device code or a refresh token is taken here")
            }
            Self::Grant => bad("invalid_grant", "it is not known, was used before, or has ended"),
            Self::Pending => bad("authorization_pending", "nobody has confirmed it yet"),
            Self::SlowDown => bad("slow_down", "ask less often"),
            Self::Expired => bad("expired_token", "nobody has confirmed it in time"),
            Self::Denied(what) => bad("access_denied", what),
            Self::TooMany(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "temporarily_unavailable",
                "too many codes were asked for, try again later",
            ),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", "the request is too large"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "invalid_request", "the request took too long"),
            Self::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "the authentication service cannot answer now, please try again",
            ),
        }
    }

    pub(super) fn respond(&self) -> Response {
        let (status, error, error_description) = self.words();
        let mut response = json_of(status, &Document { error, error_description });
        if let Self::TooMany(after) | Self::Unavailable(after) = self {
            response.headers_mut().insert(header::RETRY_AFTER, seconds(*after));
        }
        response
    }
}

impl From<BackendError> for Refused {
    fn from(error: BackendError) -> Self {
        Self::Unavailable(error.retry_after())
    }
}

impl From<NotIssued> for Refused {
    fn from(error: NotIssued) -> Self {
        match error {
            NotIssued::TooMany(too_many) => Self::TooMany(too_many.retry_after),
            NotIssued::Failed(error) => error.into(),
        }
    }
}

impl From<BadBody> for Refused {
    fn from(bad: BadBody) -> Self {
        match bad {
            BadBody::TooLarge => Self::TooLarge,
            BadBody::TooSlow => Self::TooSlow,
            BadBody::Broken => Self::Request("the body ended early"),
        }
    }
}

/// An answer for a program. Where a browser would get a page that says why there is none, a program gets it in a line.
pub(super) async fn answered<T: Serialize>(
    visit: Result<Visit, Response>,
    answer: impl AsyncFnOnce(&Visit) -> Result<T, Refused>,
) -> Response {
    let visit = match visit {
        Ok(visit) => visit,
        Err(page) => {
            let error_description = match page.status() {
                StatusCode::FORBIDDEN => {
                    "the connection is not encrypted, or the proxy in front of this server does not say that it is: ask \
                     with https, or have `login.public_url` set"
                }
                _ => "nothing is offered here under this address",
            };
            return json_of(page.status(), &Document { error: "invalid_request", error_description });
        }
    };
    match answer(&visit).await {
        Ok(answer) => json_of(StatusCode::OK, &answer),
        Err(refused) => {
            let id = visit.cx.request_id();
            match &refused {
                Refused::Pending | Refused::SlowDown => {
                    tracing::debug!(request_id = %id, ?refused, "device login");
                }
                Refused::Unavailable(_) => tracing::warn!(request_id = %id, ?refused, "device login"),
                _ => tracing::info!(request_id = %id, ?refused, "device login"),
            }
            refused.respond()
        }
    }
}
