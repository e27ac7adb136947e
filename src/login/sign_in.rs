//! `GET {prefix}/github_auth`, `{prefix}/login/NAME`: where a sign-in starts, and where the provider sends the browser
//! back to (RFC 6749, section 4.1).

use std::time::Duration;

use axum::http::Uri;
use axum::response::Response;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{AuthorizeRequest, Owner, Reason, ReasonCode, SignInAnswer};

use super::answer::{see_other, with_cookie};
use super::cookies::Cookie;
use super::meter::Outcome;
use super::pending::{After, Pending};
use super::provider::Provider;
use super::{Session, Trouble, Visit};
use crate::access::NotSignedIn;
use crate::lockout::{Claim, Stopped};

/// A provider's answer is short.
const LONGEST: usize = 8 * 1024;

/// What the provider sent back, and what somebody may ask for at the start.
#[derive(Debug, Default)]
struct Query {
    code: Option<SecretString>,
    state: Option<String>,
    error: Option<String>,
    issuer: Option<String>,
    after: After,
}

impl Query {
    /// Reads a query. What stands twice cannot be believed (RFC 6749, section 3.1).
    fn read(query: &str) -> Result<Self, Trouble> {
        const BAD: Trouble = Trouble::BadRequest("The provider's answer cannot be read.");
        if query.len() > LONGEST {
            return Err(BAD);
        }
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            let was_there = match name.as_ref() {
                "code" => read.code.replace(SecretString::from(value)).is_some(),
                "state" => read.state.replace(value).is_some(),
                "error" => read.error.replace(value).is_some(),
                "iss" => read.issuer.replace(value).is_some(),
                "after" => {
                    read.after = After::of(&value);
                    false
                }
                _ => false,
            };
            if was_there {
                return Err(BAD);
            }
        }
        Ok(read)
    }
}

/// Starts a sign-in, or ends one.
pub(crate) async fn sign_in(visit: Visit, uri: Uri) -> Response {
    let route = uri.path().strip_prefix(visit.state.prefix()).unwrap_or_default();
    let Some(provider) = visit.login.providers().iter().find(|provider| provider.route == route) else {
        return visit.trouble(&Trouble::NotFound);
    };
    let query = match Query::read(uri.query().unwrap_or_default()) {
        Ok(query) => query,
        Err(trouble) => return visit.trouble(&trouble),
    };
    if query.code.is_none() && query.error.is_none() {
        return visit.answer(start(&visit, provider, query.after).await);
    }
    let came_back = come_back(&visit, provider, query).await;
    visit.login.meter().count(&provider.link, Outcome::of(came_back.as_ref().err()));
    // What the provider was asked about is written down already.
    if let Some(reason) = came_back.as_ref().err().and_then(refusal) {
        visit.state.access().sign_in_refused(&visit.cx, &provider.link, &reason, visit.client);
    }
    visit.answer(came_back)
}

/// Why somebody is refused about whom the provider was not asked.
fn refusal(trouble: &Trouble) -> Option<Reason> {
    Some(match trouble {
        Trouble::Stale => Reason::bad_credentials("the answer belongs to no sign-in that this browser began"),
        Trouble::Cancelled(_) => Reason::new(ReasonCode::Forbidden, "the provider, or the person, said no"),
        Trouble::Locked(_) => {
            Reason::new(ReasonCode::Locked, "too many sign-ins failed from there (lockout.address)")
        }
        _ => return None,
    })
}

async fn start(visit: &Visit, provider: &Provider, after: After) -> Result<Response, Trouble> {
    // Who comes back could not be remembered.
    visit.store()?;
    let callback = provider.redirect_uri.clone().unwrap_or_else(|| visit.here.url(&provider.route));
    let mut pending = Pending::new(visit, &provider.link, callback.clone(), after)?;
    let (state, nonce) = (pending.state.clone(), pending.nonce.clone());
    let request = AuthorizeRequest::new(state, pending.challenge(), nonce, callback);
    let authn = visit.state.access().chains().0;
    let redirect = authn.redirect(&visit.cx, &provider.link, &request).await.map_err(|failed| {
        let (id, link, error) = (visit.cx.request_id(), &failed.link, &failed.error);
        tracing::warn!(request_id = %id, %link, %error, "a sign-in cannot start");
        visit.login.meter().count(&provider.link, Outcome::Unavailable);
        Trouble::Unavailable(error.retry_after())
    })?;
    pending.remembered = redirect.remember.map(|secret| secret.expose_secret().to_owned());
    Ok(with_cookie(see_other(&redirect.url), pending.cookie(visit)?))
}

async fn come_back(visit: &Visit, provider: &Provider, query: Query) -> Result<Response, Trouble> {
    let pending = Pending::of(visit, &provider.link, query.state.as_deref().unwrap_or_default())?;
    if let Some(error) = query.error {
        tracing::info!(request_id = %visit.cx.request_id(), link = provider.link.as_ref(), ?error, "the provider says no");
        return Err(match error.as_str() {
            "temporarily_unavailable" | "server_error" => Trouble::Unavailable(Duration::from_mins(1)),
            _ => Trouble::Cancelled(provider.title.clone()),
        });
    }
    let code = query.code.ok_or(Trouble::Stale)?;
    let owner = complete(visit, provider, &pending, code, query.issuer).await?;
    let session = Session::begin(visit, owner).await?;
    let response = see_other(&format!("{}{}", visit.login.base(), pending.after.route()));
    Ok(with_cookie(with_cookie(response, session), Cookie::Pending.forget(&visit.here)))
}

/// What the backend gets: what was sent out, and what came back.
fn answer_of(pending: &Pending, code: SecretString, issuer: Option<String>) -> SignInAnswer {
    let verifier = SecretString::from(pending.verifier.clone());
    let (nonce, callback) = (pending.nonce.clone(), pending.redirect_uri.clone());
    let mut answer = SignInAnswer::new(code, verifier, nonce, callback);
    answer.issuer = issuer;
    answer.remembered = pending.remembered.clone().map(SecretString::from);
    answer
}

/// Asks the provider who it is: so many at a time, and for nobody whose network has failed too often. That it is asked is
/// noted in the store before, and not earlier: whoever only comes by writes nothing.
async fn complete(
    visit: &Visit,
    provider: &Provider,
    pending: &Pending,
    code: SecretString,
    issuer: Option<String>,
) -> Result<Owner, Trouble> {
    let _place = visit.login.place().ok_or(Trouble::Unavailable(Duration::from_secs(5)))?;
    let access = visit.state.access();
    let claim = visit.client.map(|client| Claim::of_sign_in(&pending.nonce, client, visit.standing));
    let attempt = match access.lockout().zip(claim) {
        Some((guard, claim)) => Some(guard.enter(&visit.cx, claim).await.map_err(stopped)?),
        None => None,
    };
    let answer = answer_of(pending, code, issuer);
    let signed_in = match pending.use_up(visit).await {
        Ok(()) => Ok(access.sign_in(&visit.cx, &provider.link, &answer, visit.client).await),
        Err(trouble) => Err(trouble),
    };
    match (attempt, &signed_in) {
        (Some(attempt), Ok(Err(NotSignedIn::Denied(_)))) => attempt.wrong(false).await,
        (Some(attempt), _) => attempt.unanswered(),
        (None, _) => {}
    }
    match signed_in? {
        Ok(identity) => Ok(Owner::of(&identity)),
        Err(failed) => Err(Trouble::of(failed, &provider.title)),
    }
}

fn stopped(stopped: Stopped) -> Trouble {
    match stopped {
        Stopped::Banned { left, .. } => Trouble::Locked(left),
        Stopped::Busy { retry_after } => Trouble::Locked(retry_after),
        Stopped::Repeated => Trouble::Stale,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_twice_is_not_believed() {
        let read = Query::read("code=a%20b&state=s&iss=https%3A%2F%2Fi&x=1&x=2").unwrap();
        assert_eq!(read.code.unwrap().expose_secret(), "a b");
        assert_eq!((read.state.as_deref(), read.issuer.as_deref()), (Some("s"), Some("https://i")));
        for twice in ["code=a&code=b", "state=a&state=a", "iss=a&iss=b", "error=a&error=b"] {
            assert!(Query::read(twice).is_err(), "{twice}");
        }
        assert!(Query::read(&format!("code={}", "a".repeat(LONGEST))).is_err());
    }

    #[test]
    fn where_to_go_afterwards_is_one_of_ours() {
        for (query, after) in [
            ("", After::Home),
            ("after=device", After::Device),
            ("after=https://evil.example.com", After::Home),
            ("next=https://evil.example.com", After::Home),
        ] {
            assert_eq!(Query::read(query).unwrap().after, after, "{query}");
        }
    }
}
