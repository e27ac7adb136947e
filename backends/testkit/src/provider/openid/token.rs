//! The token endpoint.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::grants::{NotExchanged, secret};
use super::super::{Asked, Reply, lock};
use super::Double;
use super::state::{State, Token};

/// An hour.
const ACCESS: Duration = Duration::from_secs(3600);

impl Double {
    pub(super) fn token(&self, asked: &Asked) -> Reply {
        let mut state = lock(&self.state);
        match asked.field("grant_type").as_deref() {
            Some("authorization_code") => self.of_code(&mut state, asked),
            Some("refresh_token") => self.refreshed(&mut state, asked),
            _ => refused(400, "unsupported_grant_type"),
        }
    }

    fn of_code(&self, state: &mut State, asked: &Asked) -> Reply {
        let code = asked.field("code").unwrap_or_default();
        let grant = match state.grants.exchange(asked) {
            Ok(grant) => grant,
            Err(NotExchanged::Client) => return refused(401, "invalid_client"),
            Err(NotExchanged::Code) => {
                // RFC 6749, section 4.1.2: a code that comes twice ends what it has brought.
                state.end_all_of(&code);
                return refused(400, "invalid_grant");
            }
            Err(_) => return refused(400, "invalid_grant"),
        };
        if !state.people.contains_key(&grant.subject) {
            return refused(400, "invalid_grant");
        }
        let token = Token {
            subject: grant.subject,
            client: grant.client,
            scope: grant.scope,
            code,
            ends: self.time.after(ACCESS),
        };
        let refresh = state.refreshing.then(|| secret("refresh-"));
        if let Some(refresh) = &refresh {
            state.refresh.insert(refresh.clone(), token.clone());
        }
        self.given(state, token, refresh, grant.nonce)
    }

    fn refreshed(&self, state: &mut State, asked: &Asked) -> Reply {
        let Some(client) = state.grants.authenticated(asked) else { return refused(401, "invalid_client") };
        let refresh = asked.field("refresh_token").unwrap_or_default();
        if let Some(code) = state.spent.get(&refresh).cloned() {
            state.end_all_of(&code);
            return refused(400, "invalid_grant");
        }
        let known = state.refresh.get(&refresh).filter(|token| token.client == client).cloned();
        let Some(token) = known else { return refused(400, "invalid_grant") };
        let mut next = None;
        if state.rotating {
            state.refresh.remove(&refresh);
            state.spent.insert(refresh, token.code.clone());
            let new = secret("refresh-");
            state.refresh.insert(new.clone(), token.clone());
            next = Some(new);
        }
        self.given(state, Token { ends: self.time.after(ACCESS), ..token }, next, None)
    }

    fn given(
        &self,
        state: &mut State,
        token: Token,
        refresh: Option<String>,
        nonce: Option<String>,
    ) -> Reply {
        let access = secret("access-");
        let mut answer = json!({
            "access_token": access, "token_type": "Bearer", "expires_in": ACCESS.as_secs(), "scope": token.scope,
        });
        let mut add = |name: &str, value: Value| {
            if let Value::Object(fields) = &mut answer {
                fields.insert(name.to_owned(), value);
            }
        };
        if let Some(id_token) = self.id_token(state, &token, &access, nonce) {
            add("id_token", id_token.into());
        }
        if let Some(refresh) = refresh {
            add("refresh_token", refresh.into());
        }
        state.access.insert(access, token);
        Reply::json(200, &answer).with("cache-control", "no-store")
    }
}

fn refused(status: u16, code: &str) -> Reply {
    Reply::json(status, &json!({"error": code}))
}
