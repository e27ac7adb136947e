//! Signing in through a browser, at one link: there is no next one to ask.

use std::sync::Arc;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{
    Answer, Authenticator, AuthorizeRequest, BackendError, Call, Decision, Identity, LoginFlow, Reason,
    Redirect, Renewal, Revalidated, SignIn, SignInAnswer,
};

use super::{Chain, Link, LinkError};

impl Chain<dyn Authenticator> {
    /// The links where people sign in through a browser, in order.
    pub fn flows(&self) -> impl Iterator<Item = (&Arc<str>, &dyn LoginFlow)> {
        self.links.iter().filter_map(|link| Some((&link.name, link.backend.login_flow()?)))
    }

    /// The flow of a link; none if it has none.
    pub fn flow(&self, link: &str) -> Option<&dyn LoginFlow> {
        self.links.iter().find(|candidate| candidate.name.as_ref() == link)?.backend.login_flow()
    }

    /// Where a link sends the browser.
    ///
    /// # Errors
    /// The link's error.
    pub async fn redirect(
        &self,
        cx: &Call,
        link: &str,
        request: &AuthorizeRequest,
    ) -> Result<Redirect, LinkError> {
        let (link, flow) = self.signing_in(link)?;
        let cx = link.call(cx);
        in_time(link, &cx, flow.redirect(&cx, request)).await
    }

    /// Who came back from a link's provider.
    ///
    /// # Errors
    /// The link's error.
    pub async fn complete(
        &self,
        cx: &Call,
        link: &str,
        answer: &SignInAnswer,
    ) -> Result<Decision<SignIn>, LinkError> {
        let (link, flow) = self.signing_in(link)?;
        let cx = link.call(cx);
        let completed: Answer<SignIn> =
            in_time(link, &cx, flow.complete(&cx, answer)).await.map_err(|failed| failed.error);
        Ok(match completed.map_err(|error| link.failed(error))? {
            Decision::Allow(SignIn { identity, keep, .. }) => {
                match self.refuse_foreign(link, Decision::Allow(link.stamp(identity))) {
                    Decision::Allow(identity) => Decision::Allow(SignIn::new(identity, keep)),
                    Decision::Deny(reason) => Decision::Deny(reason),
                    Decision::NoMatch => Decision::NoMatch,
                }
            }
            other => other,
        })
    }

    /// What a link's provider says now of somebody who signed in before; what is used up for it is renewed.
    ///
    /// # Errors
    /// The link's error.
    pub async fn revalidate(
        &self,
        cx: &Call,
        link: &str,
        keep: &SecretString,
        renewal: &dyn Renewal,
    ) -> Result<Revalidated, LinkError> {
        let (link, flow) = self.signing_in(link)?;
        let cx = link.call(cx);
        Ok(match in_time(link, &cx, flow.revalidate(&cx, keep, renewal)).await? {
            Revalidated::Current(SignIn { identity, keep, .. }) => self.still(link, identity, keep),
            gone => gone,
        })
    }

    /// The account may have become another link's since.
    fn still(&self, link: &Link<dyn Authenticator>, identity: Identity, keep: SecretString) -> Revalidated {
        match self.refuse_foreign(link, Decision::Allow(link.stamp(identity))) {
            Decision::Allow(identity) => Revalidated::Current(SignIn::new(identity, keep)),
            Decision::Deny(reason) => Revalidated::Gone(reason),
            Decision::NoMatch => Revalidated::Gone(Reason::bad_credentials("nobody's account")),
        }
    }

    fn signing_in(&self, name: &str) -> Result<(&Link<dyn Authenticator>, &dyn LoginFlow), LinkError> {
        let link = self.links.iter().find(|candidate| candidate.name.as_ref() == name);
        link.and_then(|link| Some((link, link.backend.login_flow()?))).ok_or_else(|| LinkError {
            link: Arc::from(name),
            error: BackendError::Protocol("nobody signs in there through a browser".to_owned()),
        })
    }
}

async fn in_time<T>(
    link: &Link<dyn Authenticator>,
    cx: &Call,
    asked: impl Future<Output = Result<T, BackendError>>,
) -> Result<T, LinkError> {
    let since = std::time::Instant::now();
    let answer = tokio::time::timeout(cx.remaining(), asked).await;
    answer.unwrap_or_else(|_| Err(link.timed_out(since))).map_err(|error| link.failed(error))
}
