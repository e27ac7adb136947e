//! Signing in through a browser, and what whoever signed in does with their app passwords. Pages and device logins call
//! this and decide nothing themselves.

use std::net::IpAddr;
use std::sync::Arc;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{Call, Decision, Identity, Owner, Reason, ReasonCode, Reloaded, SignInAnswer};

use super::refusal::NotIdentified;
use super::{Access, is_over};
use crate::chain::LinkError;
use crate::credentials::{AppPasswordTerms, Listed, NewAppPassword, NotCreated};
use crate::sign_ins::SignIns;

/// Why nobody is signed in, or not any more.
#[derive(Debug)]
pub enum NotSignedIn {
    /// The provider, or we, refused; the reason is for log and audit only.
    Denied(Reason),
    /// That cannot be known now.
    Failed(LinkError),
}

impl From<LinkError> for NotSignedIn {
    fn from(failed: LinkError) -> Self {
        Self::Failed(failed)
    }
}

impl From<NotIdentified> for NotSignedIn {
    fn from(failure: NotIdentified) -> Self {
        match failure {
            NotIdentified::Denied(_, reason) => Self::Denied(reason),
            NotIdentified::Failed(failed) => Self::Failed(failed),
            _ => Self::Denied(Reason::bad_credentials("nobody that the provider knows")),
        }
    }
}

impl Access {
    /// The same with those who signed in through a browser, where links and store allow it.
    #[must_use]
    pub fn with_sign_ins(mut self, sign_ins: Option<SignIns>) -> Self {
        self.sign_ins = sign_ins;
        self
    }

    /// Those who signed in through a browser.
    pub fn sign_ins(&self) -> Option<&SignIns> {
        self.sign_ins.as_ref()
    }

    /// Takes what a provider sent back for a sign-in; the state was checked before. Remembers whoever it is, and writes
    /// it down.
    ///
    /// # Errors
    /// Why nobody is signed in.
    pub async fn sign_in(
        &self,
        cx: &Call,
        link: &str,
        answer: &SignInAnswer,
        from: Option<IpAddr>,
    ) -> Result<Identity, NotSignedIn> {
        let completed = self.complete_sign_in(cx, link, answer).await;
        match &completed {
            Ok(identity) => self.signed_in_written(cx, identity, from),
            Err(NotSignedIn::Denied(reason)) => self.sign_in_refused(cx, link, reason, from),
            Err(NotSignedIn::Failed(failed)) => self.sign_in_failed(cx, failed, from),
        }
        completed
    }

    async fn complete_sign_in(
        &self,
        cx: &Call,
        link: &str,
        answer: &SignInAnswer,
    ) -> Result<Identity, NotSignedIn> {
        let sign_ins = self.sign_ins.as_ref().ok_or_else(no_store)?;
        let sign_in = match self.authn.complete(cx, link, answer).await? {
            Decision::Allow(sign_in) => sign_in,
            Decision::Deny(reason) => return Err(NotSignedIn::Denied(reason)),
            Decision::NoMatch => {
                return Err(NotSignedIn::Denied(Reason::bad_credentials(
                    "the provider knows nobody of that kind",
                )));
            }
        };
        if is_over(sign_in.identity.expires_at, cx.now()) {
            let detail = "the provider's word for it has ended";
            return Err(NotSignedIn::Denied(Reason::new(ReasonCode::Expired, detail)));
        }
        sign_ins.remember(cx, &sign_in.identity, &sign_in.keep).await.map_err(of_store)?;
        Ok(sign_in.identity)
    }

    /// Who somebody is today who signed in before.
    ///
    /// # Errors
    /// If they are gone, or that cannot be known.
    pub async fn signed_in(&self, cx: &Call, owner: &Owner) -> Result<Identity, NotSignedIn> {
        let sign_ins = self.sign_ins.as_ref().ok_or_else(no_store)?;
        match sign_ins.today(cx, &self.authn, owner).await? {
            Reloaded::Current(identity) => Ok(identity),
            Reloaded::Gone(reason) => Err(NotSignedIn::Denied(reason)),
            _ => Err(NotSignedIn::Denied(Reason::new(ReasonCode::Removed, "nobody signed in as that"))),
        }
    }

    /// Makes an app password for somebody who is signed in, and writes it down.
    ///
    /// # Errors
    /// If there are too many, or the store cannot be asked.
    pub async fn create_app_password(
        &self,
        cx: &Call,
        owner: &Owner,
        wanted: NewAppPassword,
        terms: &AppPasswordTerms,
        from: Option<IpAddr>,
    ) -> Result<(SecretString, Listed), NotCreated> {
        let credentials = self.credentials.as_ref().ok_or_else(|| NotCreated::Failed(no_store_error()))?;
        let (secret, listed) = credentials.create_app_password(cx, owner, wanted, terms, from).await?;
        self.app_password_made(cx, &listed, None, from);
        Ok((secret, listed))
    }

    /// Takes one of somebody's app passwords away, and writes it down; false if there is none of that id.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn revoke_app_password(
        &self,
        cx: &Call,
        owner: &Owner,
        id: &str,
        from: Option<IpAddr>,
    ) -> Result<bool, dockgate_api::BackendError> {
        let credentials = self.credentials.as_ref().ok_or_else(no_store_error)?;
        let revoked = credentials.revoke_app_password(cx, owner, id).await?;
        if revoked {
            self.app_password_revoked(cx, owner, id, from);
        }
        Ok(revoked)
    }
}

pub(super) fn no_store_error() -> dockgate_api::BackendError {
    dockgate_api::BackendError::Unavailable("this server has no `store`".to_owned())
}

fn no_store() -> NotSignedIn {
    of_store(no_store_error())
}

fn of_store(error: dockgate_api::BackendError) -> NotSignedIn {
    NotSignedIn::Failed(LinkError { link: Arc::from("store"), error })
}
