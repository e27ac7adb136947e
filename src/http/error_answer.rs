//! Errors with both faces: the registry's (`errors`) and OAuth 2.0's (`error`, RFC 6749, section 5.2).

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

/// What a client is told when it gets no token. Short, for a terminal, without internals; JSON, never HTML.
#[derive(Debug)]
pub struct ErrorAnswer {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    oauth: &'static str,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Document {
    errors: [Entry; 1],
    error: &'static str,
    error_description: &'static str,
}

#[derive(Serialize)]
struct Entry {
    code: &'static str,
    message: &'static str,
}

impl ErrorAnswer {
    /// An answer under the registry's error code (distribution, `docs/content/spec/api.md`, "Errors").
    pub fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message, oauth: "invalid_request", headers: Vec::new() }
    }

    /// The same under OAuth's name.
    #[must_use]
    pub(super) fn oauth(mut self, error: &'static str) -> Self {
        self.oauth = error;
        self
    }

    /// The same with a header.
    #[must_use]
    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// A request that makes no sense.
    pub(super) fn bad_request(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", message)
    }

    /// Nobody vouches for these credentials.
    pub(super) fn bad_credentials(realm: &str) -> Self {
        let answer = Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "incorrect username or password");
        let answer = answer.oauth("invalid_grant");
        match HeaderValue::from_bytes(format!("Basic realm=\"{}\"", quoted(realm)).as_bytes()) {
            Ok(challenge) => answer.header(header::WWW_AUTHENTICATE, challenge),
            Err(_) => answer.header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic")),
        }
    }

    /// The question could not be answered now.
    pub fn unavailable(retry_after: Duration) -> Self {
        let answer = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "UNAVAILABLE",
            "the authentication service cannot answer now, please try again",
        );
        answer.oauth("temporarily_unavailable").header(header::RETRY_AFTER, seconds(retry_after))
    }

    /// Too many logins failed (RFC 6585, section 4). OAuth 2.0 has no name for it but the one for "not now".
    pub(super) fn locked(retry_after: Duration) -> Self {
        let answer = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TOOMANYREQUESTS",
            "too many failed logins, please try again later",
        );
        answer.oauth("temporarily_unavailable").header(header::RETRY_AFTER, seconds(retry_after))
    }

    /// The answer.
    pub fn respond(self) -> Response {
        let document = Document {
            errors: [Entry { code: self.code, message: self.message }],
            error: self.oauth,
            error_description: self.message,
        };
        let mut response = json_of(self.status, &document);
        response.headers_mut().extend(self.headers);
        response
    }
}

/// For `Retry-After` (RFC 9110, section 10.2.3). Who comes back within the last second comes too early.
pub(crate) fn seconds(retry_after: Duration) -> HeaderValue {
    let seconds = retry_after.as_secs().saturating_add(u64::from(retry_after.subsec_nanos() > 0));
    HeaderValue::from(seconds.max(1))
}

/// Text inside a quoted string (RFC 9110, section 5.6.4).
pub(super) fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The same from what is to be said.
pub(crate) fn json_of(status: StatusCode, document: &impl Serialize) -> Response {
    // Nothing that is answered can fail to be written as JSON; a client can do without a body all the same.
    json(status, serde_json::to_vec(document).unwrap_or_default())
}

/// A JSON answer that nobody may keep.
pub(super) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
