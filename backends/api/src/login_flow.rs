//! Signing in through a browser.

use async_trait::async_trait;
use secrecy::SecretString;

use crate::{Answer, BackendError, Call, Identity, Reason};

/// A sign-in that happens at an identity provider (OAuth 2.0, RFC 6749; PKCE, RFC 7636; OpenID Connect Core 1.0).
///
/// The server owns routes, cookies, state and storage; the backend knows its provider.
#[async_trait]
pub trait LoginFlow: Send + Sync {
    /// Where the browser is sent.
    ///
    /// # Errors
    /// If the provider's endpoints are not known yet.
    async fn redirect(&self, cx: &Call, request: &AuthorizeRequest) -> Result<Redirect, BackendError>;

    /// Exchanges what the provider sent back for an identity.
    ///
    /// # Errors
    /// If the provider cannot be asked or answers nonsense.
    async fn complete(&self, cx: &Call, answer: &SignInAnswer) -> Answer<SignIn>;

    /// Asks the provider again, later, with what [`complete`](Self::complete) kept.
    ///
    /// # Errors
    /// If the provider cannot be asked; the server then goes on with its last answer for a configured time.
    async fn revalidate(&self, cx: &Call, keep: &SecretString) -> Result<Revalidated, BackendError>;
}

/// What the server contributes to the URL at the provider.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct AuthorizeRequest {
    /// Comes back unchanged (RFC 6749, section 10.12); bound to the browser by the server.
    pub state: String,
    /// The PKCE challenge, S256 (RFC 7636, section 4.2).
    pub code_challenge: String,
    /// Comes back inside the ID token (OpenID Connect Core 1.0, section 3.1.2.1).
    pub nonce: String,
    /// Our own callback, exactly as registered at the provider.
    pub redirect_uri: String,
}

impl AuthorizeRequest {
    /// All four are needed.
    pub fn new(state: String, code_challenge: String, nonce: String, redirect_uri: String) -> Self {
        Self { state, code_challenge, nonce, redirect_uri }
    }
}

/// Where the browser is sent, and what the backend needs when it comes back.
#[non_exhaustive]
#[derive(Debug)]
pub struct Redirect {
    /// The provider's page, with all its parameters.
    pub url: String,
    /// Kept by the server with the state, and handed back in [`SignInAnswer::remembered`].
    pub remember: Option<SecretString>,
}

impl Redirect {
    /// A redirect that leaves nothing to remember.
    pub fn to(url: impl Into<String>) -> Self {
        Self { url: url.into(), remember: None }
    }
}

/// What came back from the provider, after the server has checked the state.
#[non_exhaustive]
#[derive(Debug)]
pub struct SignInAnswer {
    /// The authorization code.
    pub code: SecretString,
    /// The PKCE verifier that belongs to the challenge sent out.
    pub code_verifier: SecretString,
    /// The nonce sent out.
    pub nonce: String,
    /// The callback, the same as sent out.
    pub redirect_uri: String,
    /// The issuer that the provider named (RFC 9207), if it did.
    pub issuer: Option<String>,
    /// What the backend wanted to be remembered when it sent the browser away.
    pub remembered: Option<SecretString>,
}

impl SignInAnswer {
    /// An answer without an issuer and with nothing remembered.
    pub fn new(code: SecretString, code_verifier: SecretString, nonce: String, redirect_uri: String) -> Self {
        Self { code, code_verifier, nonce, redirect_uri, issuer: None, remembered: None }
    }
}

/// A completed sign-in.
#[non_exhaustive]
#[derive(Debug)]
pub struct SignIn {
    /// Who it was.
    pub identity: Identity,
    /// What the backend needs to ask again; the server stores it encrypted.
    pub keep: SecretString,
}

impl SignIn {
    /// A sign-in.
    pub fn new(identity: Identity, keep: SecretString) -> Self {
        Self { identity, keep }
    }
}

/// What became of a sign-in.
#[non_exhaustive]
#[derive(Debug)]
pub enum Revalidated {
    /// Still good, with labels of today and what to keep from now on.
    Current(SignIn),
    /// Revoked at the provider, suspended, no longer a member: what was issued for it ends.
    Gone(Reason),
}
