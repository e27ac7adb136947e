//! Our own credentials: recognised by their look before any chain is asked, so that none ever reaches a backend, a script
//! or a directory; nor what is nearly one.

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{Call, Identity, Login, Reason};

use super::refusal::NotIdentified;
use super::{Access, Grant, Question, admitted};
use crate::chain::Verdict;
use crate::credentials::{Credentials, NotUsable, Owners, RefreshToken, gives_away, recognise};

impl From<NotUsable> for NotIdentified {
    fn from(failure: NotUsable) -> Self {
        match failure {
            NotUsable::Denied(link, reason) => Self::Denied(link, reason),
            NotUsable::Failed(failed) => Self::Failed(failed),
        }
    }
}

impl Access {
    /// The same with credentials of our own, if there is a store for them.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Option<Credentials>) -> Self {
        self.credentials = credentials;
        self
    }

    /// Our own credentials, if there is a store for them.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Who says who the owner of a credential is today.
    pub(super) fn owners(&self) -> Owners<'_> {
        Owners { chain: &self.authn, sign_ins: self.sign_ins.as_ref() }
    }

    /// Who shows one of our own credentials; none if the password is somebody's own, and the chain's to judge.
    pub(super) async fn identify_stored(
        &self,
        cx: &Call,
        login: &Login,
        password: &SecretString,
    ) -> Option<Result<Identity, NotIdentified>> {
        let Some(presented) = recognise(password) else {
            let detail =
                "a token with something missing, added or changed: copy it again, without the line's end";
            let refused = || NotIdentified::Denied(None, Reason::bad_credentials(detail));
            return gives_away(password.expose_secret()).then(|| Err(refused()));
        };
        let Some(credentials) = &self.credentials else {
            let detail = format!("this server keeps no {}s: it has no `store`", presented.kind);
            return Some(Err(NotIdentified::Denied(None, Reason::bad_credentials(detail))));
        };
        let identity = credentials.identify(cx, self.owners(), login, &presented).await;
        Some(identity.map_err(NotIdentified::from).and_then(|identity| admitted(cx, Verdict::own(identity))))
    }

    /// A refresh token for who was just granted something by a password, as far as they are issued. Without a store that
    /// answers there is none, which keeps nobody from the token that was asked for.
    pub async fn refresh_token(
        &self,
        cx: &Call,
        question: &Question,
        grant: &Grant,
        client_id: Option<&str>,
    ) -> Option<RefreshToken> {
        let credentials = self.credentials.as_ref().filter(|_| question.login.has_proof())?;
        let (identity, service) = (grant.identity(), grant.service());
        let made = credentials.refresh_token(cx, &self.authn, identity, service, client_id).await;
        made.unwrap_or_else(|error| {
            tracing::warn!(request_id = %cx.request_id(), %error, "no refresh token is issued: the store does not answer");
            None
        })
    }
}
