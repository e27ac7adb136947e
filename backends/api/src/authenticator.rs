//! Who is this?

use async_trait::async_trait;

use crate::{Answer, BackendError, Call, Health, Identity, KnownIdentity, Login, LoginFlow, Reason};

/// Says who a client is.
///
/// The conformance suite in `dockgate-testkit` holds every implementation to the rules below.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// Checks a login.
    ///
    /// - An account that the backend does not know is [`Decision::NoMatch`](crate::Decision::NoMatch): a later
    ///   link may know it.
    /// - A known account with a wrong proof is [`Decision::Deny`](crate::Decision::Deny); so is one that is
    ///   disabled or outside its window, which must not fall through to a later link.
    /// - An empty password proves nothing; the chain passes one on only where
    ///   [`answers_without_proof`](Self::answers_without_proof) says so.
    ///
    /// # Errors
    /// If the question cannot be answered. A backend that is not sure whether the password was wrong answers an
    /// error, not a refusal.
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity>;

    /// Whether an account without a proof is this backend's to decide: the anonymous account `""`, or one that the
    /// administrator configured without a password. The chain asks no other backend where there is no proof, or an
    /// empty password, so that none can take it for one.
    fn answers_without_proof(&self, _account: &str) -> bool {
        false
    }

    /// Whether [`reload`](Self::reload) can answer. Without it no refresh token is issued for what
    /// [`authenticate`](Self::authenticate) vouched for; sign-ins through a browser are revalidated by their
    /// [`LoginFlow`] instead.
    fn can_reload(&self) -> bool {
        false
    }

    /// Who is this now, without a password? Asked when a stored credential is used.
    ///
    /// # Errors
    /// If the question cannot be answered; the stored credential is then refused with 503 and kept.
    async fn reload(&self, _cx: &Call, _known: &KnownIdentity) -> Result<Reloaded, BackendError> {
        Ok(Reloaded::Unsupported)
    }

    /// What [`authenticate`](Self::authenticate) would answer this account if it gave the right proof, for `explain`; none
    /// if only the proof itself tells. Nobody is let in by it: no token is ever made of the answer.
    async fn preview(&self, _cx: &Call, _account: &str) -> Option<Answer<Identity>> {
        None
    }

    /// The way through a browser, for backends that have one.
    fn login_flow(&self) -> Option<&dyn LoginFlow> {
        None
    }

    /// How the backend is doing.
    async fn health(&self, _cx: &Call) -> Health {
        Health::Up
    }
}

/// What became of an identity.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// Still there, with labels and expiry of today.
    Current(Identity),
    /// Removed, disabled, expired, or its password changed: what was issued for it ends.
    Gone(Reason),
    /// This backend cannot know without a password.
    Unsupported,
}
