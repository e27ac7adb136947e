//! The web side: the page, and the exchange of codes and refresh tokens.

use std::time::Duration;

use super::super::grants::{NotExchanged, Unwelcome, secret};
use super::super::{Asked, Reply, lock, page};
use super::Double;
use super::state::{State, Token};

/// Eight hours.
const ACCESS: Duration = Duration::from_secs(28_800);
/// About six months.
const REFRESH: Duration = Duration::from_secs(15_897_600);

impl Double {
    pub(super) fn shown(&self, asked: &Asked) -> Reply {
        let state = lock(&self.state);
        if let Some(refused) = unwelcome(&state, asked) {
            return refused;
        }
        let people = state.people.iter().filter(|person| !person.suspended);
        let logins: Vec<String> = people.map(|person| person.login.clone()).collect();
        page::choice("GitHub", asked, &logins)
    }

    pub(super) fn chosen(&self, asked: &Asked) -> Reply {
        let mut state = lock(&self.state);
        if let Some(refused) = unwelcome(&state, asked) {
            return refused;
        }
        let login = asked.field(page::WHO).unwrap_or_default();
        if login == page::NOBODY {
            let why = "The user has denied your application access.";
            return page::callback(asked, &[("error", "access_denied"), ("error_description", why)]);
        }
        let person = state.person(&login).filter(|person| !person.suspended).map(|person| person.id);
        let Some(person) = person else { return page::complaint(403, "This account is not there.") };
        let code = state.grants.grant(asked, &person.to_string());
        page::callback(asked, &[("code", &code)])
    }

    pub(super) fn access_token(&self, asked: &Asked) -> Reply {
        let mut state = lock(&self.state);
        if asked.field("grant_type").as_deref() == Some("refresh_token") {
            return self.refreshed(&mut state, asked);
        }
        let grant = match state.grants.exchange(asked) {
            Ok(grant) => grant,
            Err(NotExchanged::Client) => return said(asked, &error("incorrect_client_credentials")),
            Err(NotExchanged::RedirectUri) => return said(asked, &error("redirect_uri_mismatch")),
            Err(NotExchanged::Code | NotExchanged::Verifier) => {
                return said(asked, &error("bad_verification_code"));
            }
        };
        let person = grant.subject.parse().unwrap_or_default();
        // Apps have permissions, and no scopes.
        let scopes: Vec<String> = if state.expiring { Vec::new() } else { scopes(&grant.scope) };
        let token = Token { person, client: grant.client, scopes, ends: None };
        said(asked, &self.given(&mut state, token))
    }

    /// A refresh token is good once; with it goes the access token that came with it.
    fn refreshed(&self, state: &mut State, asked: &Asked) -> Reply {
        let Some(client) = state.grants.authenticated(asked) else {
            return said(asked, &error("incorrect_client_credentials"));
        };
        let refresh = asked.field("refresh_token").unwrap_or_default();
        let now = self.time.now();
        let known = state.refresh.get(&refresh).filter(|token| token.client == client);
        let Some(token) = known.filter(|token| token.ends.is_none_or(|ends| now < ends)).cloned() else {
            return said(asked, &error("bad_refresh_token"));
        };
        state.refresh.remove(&refresh);
        if let Some(access) = state.access_of.remove(&refresh) {
            state.tokens.remove(&access);
        }
        said(asked, &self.given(state, token))
    }

    fn given(&self, state: &mut State, token: Token) -> Vec<(&'static str, String)> {
        let access = secret(if state.expiring { "ghu_" } else { "gho_" });
        let scope = token.scopes.join(",");
        let mut answer =
            vec![("access_token", access.clone()), ("scope", scope), ("token_type", "bearer".to_owned())];
        let mut held = Token { ends: None, ..token.clone() };
        if state.expiring {
            held.ends = Some(self.time.after(ACCESS));
            let refresh = secret("ghr_");
            answer.extend([
                ("expires_in", ACCESS.as_secs().to_string()),
                ("refresh_token", refresh.clone()),
                ("refresh_token_expires_in", REFRESH.as_secs().to_string()),
            ]);
            state.access_of.insert(refresh.clone(), access.clone());
            state.refresh.insert(refresh, Token { ends: Some(self.time.after(REFRESH)), ..token });
        }
        state.tokens.insert(access, held);
        answer
    }
}

/// Scopes are separated by spaces where they are asked for, by commas where they are granted; commas are taken too.
fn scopes(asked: &str) -> Vec<String> {
    let words = asked.split([' ', ',']).filter(|scope| !scope.is_empty());
    words.map(str::to_owned).collect()
}

fn unwelcome(state: &State, asked: &Asked) -> Option<Reply> {
    match state.grants.welcome(asked) {
        Ok(()) => None,
        Err(Unwelcome::Client) => Some(page::complaint(404, "Not Found")),
        Err(Unwelcome::ChallengeMethod) => Some(page::complaint(400, "code_challenge_method must be S256")),
        // To the registered callback, never to the one that was asked for.
        Err(Unwelcome::RedirectUri) => {
            let client = asked.param("client_id").and_then(|id| state.grants.client(id))?;
            let registered = client.redirect_uris.first()?;
            let mut elsewhere = asked.clone();
            elsewhere.query.retain(|(name, _)| name != "redirect_uri");
            elsewhere.query.push(("redirect_uri".to_owned(), registered.clone()));
            let why = "The redirect_uri MUST match the registered callback URL for this application.";
            Some(page::callback(
                &elsewhere,
                &[("error", "redirect_uri_mismatch"), ("error_description", why)],
            ))
        }
    }
}

/// Errors come with status 200.
fn error(code: &str) -> Vec<(&'static str, String)> {
    let why = match code {
        "incorrect_client_credentials" => "The client_id and/or client_secret passed are incorrect.",
        "redirect_uri_mismatch" => {
            "The redirect_uri MUST match the registered callback URL for this application."
        }
        "bad_refresh_token" => "The refresh token passed is incorrect or expired.",
        _ => "The code passed is incorrect or expired.",
    };
    let page = format!("https://docs.github.com/apps/troubleshooting/#{}", code.replace('_', "-"));
    vec![("error", code.to_owned()), ("error_description", why.to_owned()), ("error_uri", page)]
}

/// As a form, unless JSON is asked for; numbers are numbers there.
fn said(asked: &Asked, fields: &[(&'static str, String)]) -> Reply {
    if asked.header("accept").is_some_and(|kinds| kinds.contains("application/json")) {
        let value = |text: &String| text.parse::<u64>().map_or_else(|_| text.clone().into(), Into::into);
        let object = fields.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect();
        return Reply::json(200, &serde_json::Value::Object(object));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
    Reply::form(200, &fields)
}
