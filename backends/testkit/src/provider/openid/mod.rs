//! A small OpenID provider: discovery, codes with PKCE and nonce, refresh tokens that rotate, userinfo, sign-out.
//!
//! As OpenID Connect Core 1.0, Discovery 1.0 and RP-Initiated Logout 1.0 have it, with the issuer in the callback
//! (RFC 9207). It is for what no honest provider does: it signs wrong things when it is told to ([`Attack`]). A certified
//! provider is among the tests of the real parts.
//!
//! ```
//! use dockgate_testkit::provider::openid::OpenId;
//!
//! let provider = OpenId::start();
//! provider.client("id", Some("secret"), &["https://auth.example.com/oidc_auth"]);
//! provider.user("alice", serde_json::json!({"email": "alice@example.com", "email_verified": true}));
//! assert_eq!(provider.issuer(), provider.server().url());
//! ```

mod attack;
mod id_token;
mod state;
#[cfg(test)]
mod tests;
mod token;
mod userinfo;
mod web;

use std::sync::{Arc, Mutex, MutexGuard};

use dockgate_api::Clock;
use serde_json::{Map, Value, json};

use super::jose::Key;
use super::server::{Server, Site};
use super::time::Time;
use super::{Asked, Reply, lock, page};
pub use attack::Attack;
use state::State;

/// An OpenID provider, for as long as it lives.
#[derive(Debug)]
pub struct OpenId {
    server: Server,
    site: Arc<Double>,
}

pub(super) struct Double {
    issuer: String,
    time: Time,
    state: Mutex<State>,
}

impl OpenId {
    /// One without anybody.
    pub fn start() -> Self {
        let (server, site) = Server::start(|origin| Double {
            issuer: origin.to_owned(),
            time: Time::default(),
            state: Mutex::new(State::new()),
        });
        Self { server, site }
    }

    /// The server: where it is, what it was asked, its moods.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// What it calls itself.
    pub fn issuer(&self) -> String {
        self.site.issuer.clone()
    }

    /// Looks at this clock from now on; it is noon until then.
    pub fn follow(&self, clock: Arc<dyn Clock>) {
        self.site.time.follow(clock);
    }

    /// Registers a client, with a secret or without; redirect URIs count to the letter.
    pub fn client(&self, id: &str, secret: Option<&str>, redirect_uris: &[&str]) {
        self.state().grants.register(id, secret, redirect_uris);
    }

    /// Where a browser may be sent after it has signed out.
    pub fn after_sign_out(&self, uris: &[&str]) {
        self.state().after_sign_out = uris.iter().map(|&uri| uri.to_owned()).collect();
    }

    /// Somebody signs in at a URL that this provider was called with: where their browser is sent.
    pub fn sign_in(&self, url: &str, subject: &str) -> Reply {
        self.server.visit(&Asked::form(url, &[(page::WHO, subject)]))
    }

    /// Adds a person with these claims beside `sub`, or gives them others.
    pub fn user(&self, subject: &str, claims: Value) {
        let claims = if let Value::Object(claims) = claims { claims } else { Map::new() };
        self.state().people.insert(subject.to_owned(), claims);
    }

    /// Gives somebody another value of a claim.
    pub fn claim(&self, subject: &str, name: &str, value: Value) {
        self.state().people.entry(subject.to_owned()).or_default().insert(name.to_owned(), value);
    }

    /// Deletes somebody: codes and tokens of theirs are good no more.
    pub fn delete(&self, subject: &str) {
        self.revoke(subject);
        self.state().people.remove(subject);
    }

    /// Takes back all tokens of somebody.
    pub fn revoke(&self, subject: &str) {
        let mut state = self.state();
        state.access.retain(|_, token| token.subject != subject);
        state.refresh.retain(|_, token| token.subject != subject);
    }

    /// These claims are in the answer of userinfo only, not in the ID token.
    pub fn userinfo_only(&self, names: &[&str]) {
        self.state().userinfo_only = names.iter().map(|&name| name.to_owned()).collect();
    }

    /// Gives no refresh tokens from now on, or does.
    pub fn refresh_tokens(&self, given: bool) {
        self.state().refreshing = given;
    }

    /// Refresh tokens change at each use, as they do if nothing is said, or stay.
    pub fn rotating(&self, rotating: bool) {
        self.state().rotating = rotating;
    }

    /// Signs with a new key from now on; the old one is shown no more.
    pub fn change_key(&self) {
        let mut state = self.state();
        let number = state.keys_made + 1;
        (state.key, state.keys_made) = (Key::new(&format!("key-{number}")), number);
    }

    /// What it does wrong from now on; nothing again with `None`.
    pub fn attack(&self, attack: Option<Attack>) {
        self.state().attack = attack;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.site.state)
    }
}

impl Site for Double {
    fn answer(&self, asked: &Asked) -> Reply {
        let steps = asked.steps();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        match (asked.method.as_str(), steps.as_slice()) {
            ("GET", [".well-known", "openid-configuration"]) => self.discovery(),
            ("GET", ["jwks"]) => Reply::json(200, &json!({"keys": [lock(&self.state).key.public_jwk()]})),
            ("GET", ["authorize"]) => self.shown(asked),
            ("POST", ["authorize"]) => self.chosen(asked),
            ("POST", ["token"]) => self.token(asked),
            ("GET" | "POST", ["userinfo"]) => self.userinfo(asked),
            ("GET" | "POST", ["end_session"]) => self.end_session(asked),
            _ => page::complaint(404, "Not Found"),
        }
    }
}

impl Double {
    fn discovery(&self) -> Reply {
        let at = |path: &str| format!("{}/{path}", self.issuer);
        let state = lock(&self.state);
        let issuer = match &state.attack {
            Some(Attack::DiscoveryIssuer(issuer)) => issuer.clone(),
            _ => self.issuer.clone(),
        };
        Reply::json(
            200,
            &json!({
                "issuer": issuer, "authorization_endpoint": at("authorize"), "token_endpoint": at("token"),
                "userinfo_endpoint": at("userinfo"), "jwks_uri": at("jwks"), "end_session_endpoint": at("end_session"),
                "response_types_supported": ["code"], "grant_types_supported": ["authorization_code", "refresh_token"],
                "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "profile", "email", "groups", "offline_access"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
                "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": true,
                "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "email", "email_verified", "groups"],
            }),
        )
    }
}

impl std::fmt::Debug for Double {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenId")
    }
}
