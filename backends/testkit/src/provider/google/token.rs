//! Access tokens for assertions (RFC 7523).

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::super::grants::secret;
use super::super::{Asked, Reply, lock};
use super::{Double, Token};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const HOUR: u64 = 3600;

impl Double {
    pub(super) fn token_uri(&self) -> String {
        format!("{}/token", self.origin)
    }

    pub(super) fn token(&self, asked: &Asked) -> Reply {
        if asked.field("grant_type").as_deref() != Some(GRANT) {
            return refused(400, "unsupported_grant_type", "Invalid grant_type");
        }
        let assertion = asked.field("assertion").unwrap_or_default();
        let Some((header, claims)) = self.key.verified(&assertion) else {
            return refused(400, "invalid_grant", "Invalid JWT Signature.");
        };
        if let Some(refused) = self.wrong(&header, &claims) {
            return refused;
        }
        let mut state = lock(&self.state);
        let scopes: Vec<String> = text(&claims, "scope").split(' ').map(str::to_owned).collect();
        let sub = text(&claims, "sub");
        // Nobody's directory can be read in the account's own name.
        if !state.admins.contains(sub) {
            return refused(
                401,
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method.",
            );
        }
        if !scopes.iter().all(|scope| state.delegated.contains(scope)) {
            let why = "Client is unauthorized to retrieve access tokens using this method, or client not authorized for \
                       any of the scopes requested.";
            return refused(401, "unauthorized_client", why);
        }
        let access = secret("ya29.");
        let ends = self.time.after(Duration::from_secs(HOUR));
        state.tokens.insert(access.clone(), Token { scopes, ends });
        Reply::json(200, &json!({"access_token": access, "expires_in": HOUR - 1, "token_type": "Bearer"}))
    }

    fn wrong(&self, header: &Value, claims: &Value) -> Option<Reply> {
        let number = |name: &str| claims.get(name).and_then(Value::as_u64);
        let now = self.time.seconds();
        let in_time = match (number("iat"), number("exp")) {
            (Some(iat), Some(exp)) => iat <= now + 300 && now < exp && exp <= iat + HOUR,
            _ => false,
        };
        if text(header, "alg") != "RS256" || !in_time {
            let why =
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.";
            return Some(refused(400, "invalid_grant", why));
        }
        if text(claims, "iss") != self.account {
            return Some(refused(400, "invalid_grant", "Invalid grant: account not found"));
        }
        if text(claims, "aud") != self.token_uri() {
            return Some(refused(400, "invalid_grant", "Invalid JWT: Failed audience check."));
        }
        text(claims, "scope")
            .is_empty()
            .then(|| refused(400, "invalid_scope", "Empty or missing scope not allowed."))
    }

    /// Whether a token of now is for a scope.
    pub(super) fn may(&self, asked: &Asked, scope: &str) -> Result<(), Box<Reply>> {
        let state = lock(&self.state);
        let token = asked.bearer().and_then(|text| state.tokens.get(text));
        let now: SystemTime = self.time.now();
        match token.filter(|token| now < token.ends) {
            None => Err(Box::new(super::api::failure(401, "authError", "Invalid Credentials"))),
            Some(token) if token.scopes.iter().any(|granted| granted == scope) => Ok(()),
            Some(_) => {
                let why = "Request had insufficient authentication scopes.";
                Err(Box::new(super::api::failure(403, "insufficientPermissions", why)))
            }
        }
    }
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn refused(status: u16, code: &str, why: &str) -> Reply {
    Reply::json(status, &json!({"error": code, "error_description": why}))
}
