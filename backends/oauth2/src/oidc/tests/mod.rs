//! A provider of the test's own, with keys of its own, and the link that asks it.

mod attacks;
mod config;
mod discovery;
mod people;
mod revalidation;
mod sign_in;

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{
    Answer, Authenticator, AuthorizeRequest, BuildError, Configure as _, Decision, Dialect, HttpRequest,
    Identity, LoginFlow, SignIn, SignInAnswer,
};
use dockgate_testkit::fakes::{Renewals, ScriptedHttp, World, noon};
use serde_json::{Value, json};

use super::OidcAuthConfig;

pub(crate) const ISSUER: &str = "https://op.example.com";
pub(crate) const TOKEN: &str = "https://op.example.com/token";
const KEYS: &str = "https://op.example.com/keys";
const USERINFO: &str = "https://op.example.com/userinfo";
const DISCOVERY: &str = "https://op.example.com/.well-known/openid-configuration";
const BACK: &str = "https://auth.example.com/oidc_auth";

/// A key of a provider's.
pub(crate) struct Key {
    pub(crate) id: &'static str,
    pair: EcdsaKeyPair,
}

impl Key {
    pub(crate) fn new(id: &'static str) -> Self {
        Self { id, pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap() }
    }

    pub(crate) fn public(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id, "x": x, "y": y})
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({"alg": "ES256", "kid": self.id}), claims)
    }

    fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", encode(signature.as_ref()))
    }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()))
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A provider, and everything around the link that asks it.
struct Op {
    http: ScriptedHttp,
    world: World,
    key: Key,
    renewals: Renewals,
}

impl Op {
    fn new() -> Self {
        let (http, world) = (ScriptedHttp::new(), World::new());
        let op = Self { http, world, key: Key::new("one"), renewals: Renewals::default() };
        op.discovered(json!({}));
        op.keys(&[op.key.public()]);
        op
    }

    /// The discovery document from now on, with this beside what every one has.
    fn discovered(&self, more: Value) {
        let document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://op.example.com/authorize?tenant=a",
            "token_endpoint": TOKEN,
            "jwks_uri": KEYS,
            "userinfo_endpoint": USERINFO,
        });
        self.http.json("GET", DISCOVERY, 200, &merged(document, more).to_string());
    }

    fn keys(&self, keys: &[Value]) {
        self.http.json("GET", KEYS, 200, &json!({"keys": keys}).to_string());
    }

    fn userinfo(&self, claims: Value) {
        self.http.json("GET", USERINFO, 200, &claims.to_string());
    }

    /// What the token endpoint gives from now on.
    fn tokens(&self, id_token: &str, more: Value) {
        let tokens = json!({
            "access_token": "SecretAccess", "token_type": "Bearer", "expires_in": 300, "id_token": id_token,
        });
        self.http.json("POST", TOKEN, 200, &merged(tokens, more).to_string());
    }

    /// The same for an ID token of the claims that everybody has, and these.
    fn signed(&self, more: Value) {
        self.tokens(&self.key.sign(&claims(more)), json!({"refresh_token": "SecretRefresh1"}));
    }

    fn link(&self, more: Value) -> Arc<dyn Authenticator> {
        self.build(more, Dialect::Native).unwrap_or_else(|error| panic!("{error}"))
    }

    fn build(&self, more: Value, dialect: Dialect) -> Result<Arc<dyn Authenticator>, BuildError> {
        let section = json!({
            "issuer": ISSUER, "client_id": "dockgate", "client_secret": "SecretOfClient", "email_domains": ["example.com"],
        });
        let config: OidcAuthConfig = serde_json::from_value(merged(section, more)).unwrap();
        let cx = self.world.build_context().with_outbound(Arc::new(self.http.clone()));
        config.build(&cx.for_link("oidc_auth", dialect))
    }

    async fn complete(&self, link: &Arc<dyn Authenticator>) -> Answer<SignIn> {
        flow(link).complete(&self.world.call(), &callback()).await
    }

    /// Who somebody is with these claims, under this configuration.
    async fn sign_in(&self, section: Value, more: Value) -> SignIn {
        self.signed(more);
        allowed(self.complete(&self.link(section)).await)
    }

    /// Why nobody comes in with these claims.
    async fn refused(&self, section: Value, more: Value) -> String {
        self.signed(more);
        denied(self.complete(&self.link(section)).await)
    }
}

fn flow(link: &Arc<dyn Authenticator>) -> &dyn LoginFlow {
    link.login_flow().unwrap()
}

/// What the server hands over when the browser is back.
pub(crate) fn callback() -> SignInAnswer {
    SignInAnswer::new(
        "SecretCode".into(),
        "SecretVerifier".into(),
        "nonce-of-today".to_owned(),
        BACK.to_owned(),
    )
}

pub(crate) fn going() -> AuthorizeRequest {
    let text = str::to_owned;
    AuthorizeRequest::new(text("state-1"), text("challenge-1"), text("nonce-of-today"), text(BACK))
}

fn claims(more: Value) -> Value {
    let now = noon().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({
        "iss": ISSUER, "aud": "dockgate", "sub": "subject-1", "iat": now, "exp": now + 300, "nonce": "nonce-of-today",
        "email": "Alice@Example.com", "email_verified": true,
    });
    merged(claims, more)
}

/// Both; what is null in the second is taken away.
pub(crate) fn merged(mut one: Value, other: Value) -> Value {
    let known = one.as_object_mut().unwrap();
    for (key, value) in other.as_object().unwrap() {
        if value.is_null() {
            known.remove(key);
        } else {
            known.insert(key.clone(), value.clone());
        }
    }
    one
}

pub(crate) fn allowed(answer: Answer<SignIn>) -> SignIn {
    match answer {
        Ok(Decision::Allow(sign_in)) => sign_in,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn denied(answer: Answer<SignIn>) -> String {
    match answer {
        Ok(Decision::Deny(reason)) => reason.detail,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn values(identity: &Identity, label: &str) -> Vec<String> {
    identity.labels.values(label).iter().map(|value| value.as_str().to_owned()).collect()
}

/// What stands in the body of a form.
pub(crate) fn form(request: &HttpRequest) -> Vec<(String, String)> {
    let body = std::str::from_utf8(&request.body).unwrap();
    let url = url::Url::parse(&format!("https://a/?{body}")).unwrap();
    url.query_pairs().into_owned().collect()
}

fn kept(keep: &SecretString) -> Value {
    serde_json::from_str(keep.expose_secret()).unwrap()
}
