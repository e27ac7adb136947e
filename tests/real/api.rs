//! A client of our own, for what skopeo and podman hide.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::accounts::Account;
use crate::harness::http::{Response, encode, request};
use crate::registry::SERVICE;
use crate::site::Site;

pub(crate) struct Api<'a> {
    pub(crate) site: &'a Site,
    /// Nobody: anonymous.
    pub(crate) account: Option<&'a Account>,
}

impl Api<'_> {
    /// Asks the registry, with the token that its challenge demands. Its answer is 401 if that is not enough.
    pub(crate) fn ask(&self, method: &str, target: &str) -> Response {
        let registry = &self.site.registry_host;
        let refusal = request(method, registry, target, None);
        assert_eq!(refusal.status, 401, "the registry asks everyone for a token: {refusal:?}");
        let challenge = refusal.header("WWW-Authenticate").expect("a 401 has a challenge");
        let token = self.token(&parameter(challenge, "scope").unwrap_or_default());
        request(method, registry, target, Some(&format!("Bearer {token}")))
    }

    pub(crate) fn token(&self, scope: &str) -> String {
        let answer = self.request_token(scope);
        assert_eq!(answer.status, 200, "{answer:?}\n{}", self.site.logs());
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    pub(crate) fn request_token(&self, scope: &str) -> Response {
        request_token(&self.site.dockgate_host, SERVICE, scope, self.account)
    }
}

/// Asks a server that stands for itself.
pub(crate) fn request_token(host: &str, service: &str, scope: &str, account: Option<&Account>) -> Response {
    let basic = account.map(|Account { name, password, .. }| {
        format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
    });
    let target = format!("/auth?service={}&scope={}", encode(service), encode(scope));
    request("GET", host, &target, basic.as_deref())
}

/// The same, for a token that is not refused.
#[track_caller]
pub(crate) fn token(host: &str, service: &str, scope: &str, account: &Account) -> String {
    let answer = request_token(host, service, scope, Some(account));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["token"].as_str().expect("a token").to_owned()
}

/// A parameter of `Bearer realm="…",service="…",scope="…"`.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let (_, value) = challenge.split_once(&format!("{name}=\""))?;
    value.split('"').next().map(str::to_owned)
}

/// The header and the claims of a token, read without verifying: that is the registry's part.
pub(crate) fn open(token: &str) -> [Value; 2] {
    let mut parts = token.split('.');
    [(); 2].map(|()| {
        let json = URL_SAFE_NO_PAD.decode(parts.next().expect("a token has three parts")).expect("base64url");
        serde_json::from_slice(&json).expect("JSON")
    })
}
