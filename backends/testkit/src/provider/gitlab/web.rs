//! The page, and the exchange of codes and refresh tokens.

use std::time::Duration;

use serde_json::json;

use super::super::grants::{NotExchanged, Unwelcome, secret};
use super::super::{Asked, Reply, lock, page};
use super::Double;
use super::state::{State, Token};

/// Two hours.
const ACCESS: Duration = Duration::from_secs(7200);

impl Double {
    pub(super) fn shown(&self, asked: &Asked) -> Reply {
        let state = lock(&self.state);
        if let Some(refused) = unwelcome(&state, asked) {
            return refused;
        }
        let people = state.people.iter().filter(|person| !person.blocked);
        page::choice("GitLab", asked, &people.map(|person| person.username.clone()).collect::<Vec<_>>())
    }

    pub(super) fn chosen(&self, asked: &Asked) -> Reply {
        let mut state = lock(&self.state);
        if let Some(refused) = unwelcome(&state, asked) {
            return refused;
        }
        let name = asked.field(page::WHO).unwrap_or_default();
        if name == page::NOBODY {
            let why = "The resource owner or authorization server denied the request.";
            return page::callback(asked, &[("error", "access_denied"), ("error_description", why)]);
        }
        let person = state.people.iter().find(|person| person.username == name && !person.blocked);
        let Some(person) = person.map(|person| person.id) else {
            return page::complaint(403, "This account is not there.");
        };
        let code = state.grants.grant(asked, &person.to_string());
        page::callback(asked, &[("code", &code)])
    }

    pub(super) fn token(&self, asked: &Asked) -> Reply {
        let mut state = lock(&self.state);
        match asked.field("grant_type").as_deref() {
            Some("authorization_code") => match state.grants.exchange(asked) {
                Ok(grant) => {
                    let person = grant.subject.parse().unwrap_or_default();
                    let (scope, client) = (grant.scope, grant.client);
                    self.given(
                        &mut state,
                        Token { person, client, scope, ends: self.time.now(), revoked: false },
                    )
                }
                Err(NotExchanged::Client) => invalid_client(),
                Err(_) => invalid_grant(),
            },
            Some("refresh_token") => self.refreshed(&mut state, asked),
            _ => refused(400, "unsupported_grant_type", "The authorization grant type is not supported."),
        }
    }

    /// The old pair ends with it.
    fn refreshed(&self, state: &mut State, asked: &Asked) -> Reply {
        let Some(client) = state.grants.authenticated(asked) else { return invalid_client() };
        let refresh = asked.field("refresh_token").unwrap_or_default();
        match state.refresh.remove(&refresh) {
            Some((access, token)) if token.client == client => {
                if let Some(old) = state.tokens.get_mut(&access) {
                    old.revoked = true;
                }
                self.given(state, token)
            }
            _ => invalid_grant(),
        }
    }

    pub(super) fn revoked(&self, asked: &Asked) -> Reply {
        let mut state = lock(&self.state);
        let Some(client) = state.grants.authenticated(asked) else { return invalid_client() };
        let text = asked.field("token").unwrap_or_default();
        if let Some(token) = state.tokens.get_mut(&text).filter(|token| token.client == client) {
            token.revoked = true;
        }
        state.refresh.retain(|refresh, (access, _)| *refresh != text && *access != text);
        Reply::json(200, &json!({}))
    }

    fn given(&self, state: &mut State, token: Token) -> Reply {
        let (access, refresh) = (secret(""), secret(""));
        let token = Token { ends: self.time.after(ACCESS), revoked: false, ..token };
        let answer = json!({
            "access_token": access, "token_type": "Bearer", "expires_in": ACCESS.as_secs(), "refresh_token": refresh,
            "scope": token.scope, "created_at": self.time.seconds(),
        });
        state.tokens.insert(access.clone(), token.clone());
        state.refresh.insert(refresh, (access, token));
        Reply::json(200, &answer)
    }
}

fn unwelcome(state: &State, asked: &Asked) -> Option<Reply> {
    let text = match state.grants.welcome(asked) {
        Ok(()) => return None,
        Err(Unwelcome::Client) => "Client authentication failed due to unknown client.",
        Err(Unwelcome::RedirectUri) => "The redirect URI included is not valid.",
        Err(Unwelcome::ChallengeMethod) => "The code challenge method must be S256.",
    };
    Some(page::complaint(400, text))
}

fn refused(status: u16, code: &str, why: &str) -> Reply {
    Reply::json(status, &json!({"error": code, "error_description": why}))
}

fn invalid_client() -> Reply {
    refused(401, "invalid_client", "Client authentication failed due to unknown client.")
}

fn invalid_grant() -> Reply {
    let why =
        "The provided authorization grant is invalid, expired, revoked, or was issued to another client.";
    refused(400, "invalid_grant", why)
}
