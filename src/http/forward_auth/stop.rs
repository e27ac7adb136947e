//! Why a request does not pass, and what its client is told.

use std::fmt::Write as _;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::access::{NoPass, Refusal};
use crate::gate::{Demand, Gate, NotTheProxy};
use crate::http::error_answer::{ErrorAnswer, quoted};
use crate::metrics::Checked;
use crate::token::BadToken;

/// What a client is told to wait when we are at fault.
const OUR_FAULT: Duration = Duration::from_secs(5);

/// Why a request does not pass.
pub(super) enum Stop {
    /// The question is not the proxy's.
    NotTheProxy(NotTheProxy),
    /// What is asked for is nothing of a registry's, or could be read in more than one way.
    Unreadable(&'static str),
    /// Who is it? Nothing proves it yet.
    Challenge(Demand),
    /// A token that counts for nothing.
    BadToken(BadToken, Demand),
    /// A token that was not signed for this.
    InsufficientScope(Demand),
    /// It was decided against.
    NoPass(NoPass, Demand),
}

impl Stop {
    /// What came of the question.
    pub(super) fn checked(&self) -> Checked {
        match self {
            Self::NotTheProxy(_) => Checked::NotTheProxy,
            Self::Unreadable(_) => Checked::Unreadable,
            Self::Challenge(_) | Self::NoPass(NoPass::Anonymous, _) => Checked::Challenged,
            Self::BadToken(..) => Checked::BadToken,
            Self::InsufficientScope(_) | Self::NoPass(NoPass::Denied, _) => Checked::Denied,
            Self::NoPass(NoPass::NotAudited, _) => Checked::NotAudited,
            Self::NoPass(NoPass::Refused(refusal), _) => match refusal {
                Refusal::Malformed(_) => Checked::Unreadable,
                Refusal::UnknownService => Checked::Denied,
                Refusal::BadCredentials => Checked::BadCredentials,
                Refusal::Locked { .. } => Checked::Locked,
                Refusal::Unavailable { overloaded: true, .. } => Checked::Overloaded,
                Refusal::Unavailable { .. } => Checked::Unavailable,
            },
        }
    }

    /// What is wrong, if nobody was asked: everything else was written down where it was decided.
    pub(super) fn at_the_door(&self) -> Option<&'static str> {
        match self {
            Self::NotTheProxy(not) => Some(not.message()),
            Self::Unreadable(detail) | Self::NoPass(NoPass::Refused(Refusal::Malformed(detail)), _) => {
                Some(detail)
            }
            Self::BadToken(bad, _) => Some(bad.message()),
            Self::Challenge(_) | Self::InsufficientScope(_) | Self::NoPass(..) => None,
        }
    }

    pub(super) fn respond(&self, gate: &Gate, realm: &str) -> Response {
        let asks = |demand: &Demand, error| challenge(gate, realm, demand, error);
        match self {
            Self::NotTheProxy(_) => denied("this gate answers its proxy alone"),
            Self::Unreadable(_) | Self::NoPass(NoPass::Refused(Refusal::Malformed(_)), _) => {
                denied("this is no request that is let through to a registry")
            }
            Self::Challenge(demand) | Self::NoPass(NoPass::Anonymous, demand) => {
                unauthorized("authentication required", asks(demand, None))
            }
            Self::BadToken(_, demand) => {
                unauthorized("authentication required", asks(demand, Some("invalid_token")))
            }
            Self::InsufficientScope(demand) => {
                unauthorized(NOT_ALLOWED, asks(demand, Some("insufficient_scope")))
            }
            Self::NoPass(NoPass::Denied | NoPass::Refused(Refusal::UnknownService), _) => denied(NOT_ALLOWED),
            Self::NoPass(NoPass::NotAudited, _) => ErrorAnswer::unavailable(OUR_FAULT),
            Self::NoPass(NoPass::Refused(Refusal::BadCredentials), demand) => {
                unauthorized("incorrect username or password", asks(demand, None))
            }
            // To the client of a proxy that knows nothing else, a ban and a wrong password are the same.
            Self::NoPass(NoPass::Refused(Refusal::Locked { .. }), demand) if gate.is_narrow() => {
                unauthorized("too many failed logins, please try again later", asks(demand, None))
            }
            Self::NoPass(NoPass::Refused(Refusal::Locked { retry_after }), _) => {
                ErrorAnswer::locked(*retry_after)
            }
            Self::NoPass(NoPass::Refused(Refusal::Unavailable { retry_after, .. }), _) => {
                ErrorAnswer::unavailable(*retry_after)
            }
        }
        .respond()
    }
}

/// Not word for word what registries say: containers' own tools print their code alone then.
const NOT_ALLOWED: &str = "requested access to the resource is denied by the rules";

fn denied(message: &'static str) -> ErrorAnswer {
    ErrorAnswer::new(StatusCode::FORBIDDEN, "DENIED", message).oauth("access_denied")
}

fn unauthorized(message: &'static str, challenge: HeaderValue) -> ErrorAnswer {
    ErrorAnswer::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
        .oauth("invalid_client")
        .header(header::WWW_AUTHENTICATE, challenge)
}

/// What a registry says (distribution, `docs/content/spec/auth/token.md`), or a server with passwords (RFC 7617).
fn challenge(gate: &Gate, name: &str, demand: &Demand, error: Option<&str>) -> HeaderValue {
    let Some(realm) = &gate.realm else {
        let basic = format!("Basic realm=\"{}\"", quoted(name));
        return HeaderValue::from_bytes(basic.as_bytes()).unwrap_or(HeaderValue::from_static("Basic"));
    };
    let mut bearer = format!("Bearer realm=\"{}\",service=\"{}\"", quoted(realm), quoted(&gate.service));
    let scopes: Vec<String> =
        demand.scopes().scopes.iter().map(|scope| format!("{}:{}", scope.resource, scope.actions)).collect();
    if !scopes.is_empty() {
        _ = write!(bearer, ",scope=\"{}\"", scopes.join(" "));
    }
    if let Some(error) = error {
        _ = write!(bearer, ",error=\"{error}\"");
    }
    HeaderValue::from_bytes(bearer.as_bytes()).unwrap_or(HeaderValue::from_static("Bearer"))
}
