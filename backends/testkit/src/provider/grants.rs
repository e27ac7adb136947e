//! Clients, the codes that they get, and what a code must come back with (RFC 6749, section 4.1; PKCE, RFC 7636).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Asked;

/// Whoever may send people here.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) secret: Option<String>,
    pub(super) redirect_uris: Vec<String>,
}

/// A code that was given out, until it is exchanged.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) scope: String,
    pub(super) subject: String,
}

/// What is wrong with a request for a code.
pub(super) enum Unwelcome {
    Client,
    RedirectUri,
    /// Only S256 is taken.
    ChallengeMethod,
}

/// What is wrong with an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotExchanged {
    Client,
    Code,
    RedirectUri,
    Verifier,
}

#[derive(Debug, Default)]
pub(super) struct Grants {
    clients: HashMap<String, Client>,
    open: HashMap<String, Grant>,
}

impl Grants {
    pub(super) fn register(&mut self, id: &str, secret: Option<&str>, redirect_uris: &[&str]) {
        let redirect_uris = redirect_uris.iter().map(|&uri| uri.to_owned()).collect();
        self.clients.insert(id.to_owned(), Client { secret: secret.map(str::to_owned), redirect_uris });
    }

    pub(super) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.get(id)
    }

    /// Whether the page may be shown at all; the redirect URI must be one of the registered ones to the letter.
    pub(super) fn welcome(&self, asked: &Asked) -> Result<(), Unwelcome> {
        let client = asked.param("client_id").and_then(|id| self.clients.get(id)).ok_or(Unwelcome::Client)?;
        let uri = asked.param("redirect_uri").ok_or(Unwelcome::RedirectUri)?;
        if !client.redirect_uris.iter().any(|known| known == uri) {
            return Err(Unwelcome::RedirectUri);
        }
        let is_s256 = asked.param("code_challenge_method") == Some("S256");
        if asked.param("code_challenge").is_some() && !is_s256 {
            return Err(Unwelcome::ChallengeMethod);
        }
        Ok(())
    }

    /// A code for somebody who has said who they are.
    pub(super) fn grant(&mut self, asked: &Asked, subject: &str) -> String {
        let text = |name: &str| asked.param(name).unwrap_or_default().to_owned();
        let grant = Grant {
            client: text("client_id"),
            redirect_uri: text("redirect_uri"),
            challenge: asked.param("code_challenge").map(str::to_owned),
            nonce: asked.param("nonce").map(str::to_owned),
            scope: text("scope"),
            subject: subject.to_owned(),
        };
        let code = secret("code-");
        self.open.insert(code.clone(), grant);
        code
    }

    /// Whether it is this client, with the right secret if it has one.
    pub(super) fn authenticated(&self, asked: &Asked) -> Option<String> {
        let (id, secret) = asked.client();
        let client = self.clients.get(&id)?;
        (client.secret.is_none() || client.secret == secret).then_some(id)
    }

    /// Takes a code back. It is used up whatever is wrong with the rest.
    pub(super) fn exchange(&mut self, asked: &Asked) -> Result<Grant, NotExchanged> {
        let client = self.authenticated(asked).ok_or(NotExchanged::Client)?;
        let code = asked.field("code").unwrap_or_default();
        let grant =
            self.open.remove(&code).filter(|grant| grant.client == client).ok_or(NotExchanged::Code)?;
        if asked.field("redirect_uri").as_deref() != Some(&grant.redirect_uri) {
            return Err(NotExchanged::RedirectUri);
        }
        let verifier = asked.field("code_verifier");
        match (&grant.challenge, verifier) {
            (Some(challenge), Some(verifier)) if *challenge == s256(&verifier) => Ok(grant),
            (None, None) => Ok(grant),
            _ => Err(NotExchanged::Verifier),
        }
    }
}

/// The challenge of a verifier (RFC 7636, section 4.2).
pub(super) fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// A text that no other provider of this process has given out. Predictable: for tests only.
pub(super) fn secret(prefix: &str) -> String {
    static GIVEN: AtomicU64 = AtomicU64::new(1);
    let number = GIVEN.fetch_add(1, Ordering::Relaxed);
    let hash = digest(&SHA256, &number.to_be_bytes());
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(hash).replace(['-', '_'], "0"))
}
