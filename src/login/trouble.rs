//! What people are told when something does not work: what happened, what to do, and the number of the request; never
//! what is inside.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::Response;
use dockgate_api::{BackendError, RequestId};

use super::page::TroublePage;
use super::{Login, answer};
use crate::access::NotSignedIn;
use crate::http::seconds;

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The request's host is none.
    BadHost,
    /// The proxy in front does not say whose the request is.
    BadAddress(&'static str),
    /// Somebody listens on the way, or a proxy does not say that it speaks TLS.
    PlainHttp,
    /// The request is not what a browser on our pages sends.
    BadRequest(&'static str),
    /// A form that did not come from our pages.
    Forged,
    /// A form is larger than `server.limits.body`.
    TooLarge,
    /// A form that does not end.
    TooSlow,
    /// There is no session, or not any more.
    SignedOut,
    /// A sign-in that we know nothing of: begun long ago, elsewhere, or done already.
    Stale,
    /// The person said no at the provider, or it refused to ask them.
    Cancelled(String),
    /// The provider, or we, do not let them in.
    Refused(String),
    /// Whoever was signed in is not let in any more.
    Ended,
    /// Too many failed from there.
    Locked(Duration),
    /// Too many codes of device logins were typed.
    TooManyCodes(Duration),
    /// A provider cannot be asked, or too many are.
    Unavailable(Duration),
    /// The store cannot be asked.
    Failed(BackendError),
    /// There is no store.
    NoStore,
    /// Nothing is here.
    NotFound,
    /// Not with this method.
    Method,
}

impl Trouble {
    /// Why nobody is signed in, for whoever tried at a provider of this title.
    pub(crate) fn of(failed: NotSignedIn, title: &str) -> Self {
        match failed {
            NotSignedIn::Denied(_) => Self::Refused(title.to_owned()),
            NotSignedIn::Failed(failed) => Self::Unavailable(failed.error.retry_after()),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadHost | Self::BadAddress(_) | Self::BadRequest(_) | Self::Stale => {
                StatusCode::BAD_REQUEST
            }
            Self::PlainHttp
            | Self::Forged
            | Self::SignedOut
            | Self::Cancelled(_)
            | Self::Refused(_)
            | Self::Ended => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Locked(_) | Self::TooManyCodes(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) | Self::Failed(_) | Self::NoStore => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn heading(&self) -> &'static str {
        match self {
            Self::BadHost => "This address is not known",
            Self::BadAddress(_) => "The proxy is not set up",
            Self::PlainHttp => "Not without TLS",
            Self::BadRequest(_) => "That did not work",
            Self::Forged => "That form is not ours",
            Self::TooLarge => "That is too much",
            Self::TooSlow => "That took too long",
            Self::SignedOut => "You are signed out",
            Self::Stale => "This sign-in is over",
            Self::Cancelled(_) => "You are not signed in",
            Self::Refused(_) => "You are not let in",
            Self::Ended => "Your access has ended",
            Self::Locked(_) => "Too many tries",
            Self::TooManyCodes(_) => "Too many codes",
            Self::Unavailable(_) | Self::Failed(_) => "Not possible at the moment",
            Self::NoStore => "This server is not set up for this",
            Self::NotFound => "Nothing is here",
            Self::Method => "Not in this way",
        }
    }

    /// What happened.
    fn what(&self) -> &'static str {
        match self {
            Self::BadHost => "Your browser asked for a host that cannot be one.",
            Self::BadAddress(what) | Self::BadRequest(what) => what,
            Self::PlainHttp => {
                "Your connection is not encrypted, or the proxy in front of this server does not say that it is."
            }
            Self::Forged => {
                "The form came from another page, or from one that was opened before you signed in."
            }
            Self::TooLarge => "The form is larger than this server takes.",
            Self::TooSlow => "The form did not arrive in time.",
            Self::SignedOut => "Your session has ended.",
            Self::Stale => "It was begun too long ago, in another window or browser, or is done already.",
            Self::Cancelled(_) => "The sign-in was cancelled or refused there.",
            Self::Refused(_) => "Your account there is not one of those that may sign in here.",
            Self::Ended => {
                "Your account is not one of those that may sign in here any more. Your app passwords do not work any more \
                 either."
            }
            Self::Locked(_) => "Too many sign-ins from your network have failed.",
            Self::TooManyCodes(_) => "Too many codes were typed, by you or from your network.",
            Self::Unavailable(_) | Self::Failed(_) => "A service that is needed for this does not answer.",
            Self::NoStore => "It has no place where sign-ins and app passwords could be kept.",
            Self::NotFound => "There is no such page.",
            Self::Method => "This page cannot be asked for so.",
        }
    }

    /// What to do about it.
    fn cure(&self) -> Cow<'static, str> {
        let cure = match self {
            Self::BadHost => "Open the page by its usual address.",
            Self::BadAddress(_) => "Tell whoever runs this server.",
            Self::PlainHttp => {
                "Open the page with https:// in front. If you did, tell whoever runs this server to set login.public_url."
            }
            Self::BadRequest(_) | Self::TooSlow => "Go back and try again.",
            Self::Forged => "Go back to the first page and try again.",
            Self::TooLarge => "Go back and write less.",
            Self::SignedOut | Self::Stale => "Go back to the first page and sign in again.",
            Self::Cancelled(title) => {
                return format!("If you want to sign in, start again and agree when {title} asks you.")
                    .into();
            }
            Self::Refused(title) => {
                return format!(
                    "Look whether you are signed in to {title} with the right account. If you are, ask whoever runs this \
                     registry to add you to its organization, group or domain, and give them the number below."
                )
                .into();
            }
            Self::Ended => {
                "If that is a mistake, ask whoever runs this registry, and give them the number below."
            }
            Self::Locked(_) => "Wait a few minutes, then try again.",
            Self::TooManyCodes(_) => "Wait ten minutes, then start again on the other machine.",
            Self::Unavailable(_) | Self::Failed(_) => {
                "Try again in a minute. If it stays so, tell whoever runs this server, with the number below."
            }
            Self::NoStore => "Tell whoever runs this server that `store` is missing in its configuration.",
            Self::NotFound | Self::Method => "Go to the first page.",
        };
        cure.into()
    }

    /// The page.
    pub(crate) fn respond(&self, login: &Login, id: RequestId) -> Response {
        let (cure, request_id) = (self.cure(), id.to_string());
        let content =
            TroublePage { base: login.base(), what: self.what(), todo: &cure, request_id: &request_id };
        let mut response = answer::page(login, self.status(), self.heading(), &content);
        let after = match self {
            Self::Locked(after) | Self::TooManyCodes(after) | Self::Unavailable(after) => Some(*after),
            Self::Failed(error) => Some(error.retry_after()),
            _ => None,
        };
        if let Some(after) = after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds(after));
        }
        response
    }
}

impl From<BackendError> for Trouble {
    fn from(error: BackendError) -> Self {
        Self::Failed(error)
    }
}
