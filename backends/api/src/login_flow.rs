//! Signing in through a browser.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::{Answer, BackendError, Call, Identity, Reason};

/// A sign-in that happens at an identity provider (OAuth 2.0, RFC 6749; PKCE, RFC 7636; OpenID Connect Core 1.0).
///
/// The server owns routes, cookies, state and storage; the backend knows its provider. The state was checked, and is used up,
/// before [`complete`](Self::complete) is asked. The testkit's `login_flow::conformance` holds a flow to all that stands
/// here.
#[async_trait]
pub trait LoginFlow: Send + Sync {
    /// What the configuration says of the provider.
    fn terms(&self) -> &FlowTerms;

    /// Where the browser is sent.
    ///
    /// # Errors
    /// If the provider's endpoints are not known yet.
    async fn redirect(&self, cx: &Call, request: &AuthorizeRequest) -> Result<Redirect, BackendError>;

    /// Exchanges what the provider sent back for an identity. A code that is no good, was used or belongs to another browser
    /// is Deny: anybody can send one. [`Identity::subject`] never changes at the provider.
    ///
    /// # Errors
    /// If the provider cannot be asked or answers nonsense.
    async fn complete(&self, cx: &Call, answer: &SignInAnswer) -> Answer<SignIn>;

    /// Asks the provider again, later, with what [`complete`](Self::complete) kept, or what took its place since. One
    /// question at a time is asked of one person; it goes on when whoever waited for it is gone. [`Revalidated::Gone`] ends
    /// what was issued: it is for what the provider itself says of the person, and for nothing that somebody on the way can
    /// say.
    ///
    /// What is good for one use (a refresh token that rotates: RFC 9700, section 4.14.2) is worth nothing afterwards,
    /// whatever the question comes to. What the provider gives in its place goes to `renewal` before anything else is
    /// asked.
    ///
    /// # Errors
    /// If the provider cannot be asked, or `keep` is none of this flow's; the server then goes on with its last answer for a
    /// configured time, and asks again.
    async fn revalidate(
        &self,
        cx: &Call,
        keep: &SecretString,
        renewal: &dyn Renewal,
    ) -> Result<Revalidated, BackendError>;

    /// The provider's page that ends the session there too (OpenID Connect RP-Initiated Logout 1.0), which sends the
    /// browser on to `back_to`; none where the provider has no such page.
    async fn sign_out(&self, _cx: &Call, _keep: &SecretString, _back_to: &str) -> Option<String> {
        None
    }
}

/// Where a backend puts what takes the place of something that is used up.
#[async_trait]
pub trait Renewal: Send + Sync {
    /// This is kept from now on. It is stored when this returns; if the store does not answer, the server goes on trying
    /// by itself.
    async fn renewed(&self, keep: SecretString);
}

/// What the configuration says of a provider, as far as it concerns the server.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowTerms {
    /// What people call the provider: `GitHub`.
    pub title: String,
    /// The callback as it is registered there, if the configuration says; the server's own route otherwise.
    pub redirect_uri: Option<String>,
    /// After so long the provider is asked again.
    pub revalidate_after: Duration,
    /// For so long beyond that its last answer counts while it cannot be asked.
    pub revalidate_grace: Duration,
    /// The registry that people sign in for, if the section names one (docker_auth's `registry_url`).
    pub registry: Option<String>,
}

impl FlowTerms {
    /// An hour, and an hour more; nothing else is said.
    pub fn new(title: impl Into<String>) -> Self {
        let hour = Duration::from_hours(1);
        Self {
            title: title.into(),
            redirect_uri: None,
            revalidate_after: hour,
            revalidate_grace: hour,
            registry: None,
        }
    }
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
