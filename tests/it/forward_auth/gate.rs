//! A server with a gate, and what a proxy asks it.

use crate::support::{ALICE, Ask, BOB, Setup, TestServer, hash};

pub(super) const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// A documentation address (RFC 5737), which is nobody's proxy.
pub(super) const CLIENT: &str = "203.0.113.9";
pub(super) const MANIFEST: &str = "/v2/team/app/manifests/1";
/// A token's way.
pub(super) const BEARER: &str = "preset: nginx, mode: bearer, public_url: \"https://auth.example.com\"";

/// Alice may do everything below `team/`, Bob may pull there, everybody may pull `public/…`.
pub(super) const RULES: &str = "acl:
- {match: {account: alice, name: \"team/**\"}, actions: [\"*\"]}
- {match: {account: bob, name: \"team/**\"}, actions: [pull]}
- {match: {type: repository, name: \"public/*\"}, actions: [pull]}
acl_version: 2
";

/// Alice is in two groups.
pub(super) fn people() -> String {
    let (alice, bob) = (hash(ALICE.1), hash(BOB.1));
    format!(
        "users:
  alice: {{password: \"{alice}\", labels: {{groups: [dev, ops]}}}}
  bob: {{password: \"{bob}\"}}
  \"\": {{}}
"
    )
}

/// The section with what every gate has; `more` stands beside it.
pub(super) fn section(more: &str) -> String {
    format!(
        "forward_auth: {{service: test-service, secret: {SECRET}, trusted_proxies: [127.0.0.1], {more}}}\n"
    )
}

pub(super) fn setup(more: &str) -> Setup {
    Setup::new(format!("{}{}{RULES}", section(more), people()))
}

/// A server whose gate has this beside the service, the secret and the proxies.
pub(super) fn gate(more: &str) -> TestServer {
    TestServer::of(setup(more))
}

/// What every proxy sends.
pub(super) fn proxied(method: &str, path: &str) -> Ask {
    Ask::new(method, path).header("x-dockgate-secret", SECRET).header("x-forwarded-for", CLIENT)
}

/// What nginx asks about a request of its client.
pub(super) fn nginx(method: &str, uri: &str) -> Ask {
    proxied("GET", "/forward-auth").header("x-original-method", method).header("x-original-uri", uri)
}

/// The same with a token.
pub(super) fn with_token(method: &str, uri: &str, token: &str) -> Ask {
    nginx(method, uri).header("authorization", &format!("Bearer {token}"))
}
