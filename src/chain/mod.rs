//! Backends in order. A chain is itself an [`Authenticator`] or an [`Authorizer`].
//!
//! What every backend would otherwise have to do is done here, once: deadlines, `on_error`, `accounts`, the link's
//! name on an identity, whether label values act as patterns, and cutting what is granted down to what was asked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::{
    AccessRequest, Actions, Answer, Authenticator, Authorizer, BackendError, Call, Decision, Granted,
    Identity, KnownIdentity, LabelValue, Labels, Login, Reason, Reloaded, async_trait,
};
use dockgate_rules::Pattern;

use crate::config::links::{OnError, Values};

/// One backend and what the configuration says around it.
pub struct Link<B: ?Sized> {
    /// Unique within the chain.
    pub name: Arc<str>,
    /// Who is asked.
    pub backend: Arc<B>,
    /// What an error means.
    pub on_error: OnError,
    /// The longest that the backend is waited for; the request's own deadline holds in any case.
    pub timeout: Option<Duration>,
    /// The accounts that this link owns.
    pub accounts: Option<Pattern>,
    /// Whether label values act as patterns, where the configuration says so.
    pub values: Option<Values>,
}

/// Links in the order in which they are asked.
pub struct Chain<B: ?Sized> {
    links: Vec<Link<B>>,
}

/// A chain's answer and the link that gave it; nobody's if none had anything to say.
#[derive(Debug)]
pub struct Verdict<T> {
    /// The decision.
    pub decision: Decision<T>,
    /// Whose decision it is.
    pub decided_by: Option<Arc<str>>,
}

/// An error and the link where it happened.
#[derive(Debug)]
pub struct LinkError {
    /// Which link.
    pub link: Arc<str>,
    /// What happened.
    pub error: BackendError,
}

impl<B: ?Sized> Link<B> {
    fn call(&self, cx: &Call) -> Call {
        match self.timeout {
            Some(timeout) => cx.with_deadline(Instant::now() + timeout),
            None => cx.clone(),
        }
    }

    fn owns(&self, account: &str) -> Option<bool> {
        self.accounts.as_ref().map(|accounts| accounts.matches(account))
    }

    fn failed(&self, error: BackendError) -> LinkError {
        LinkError { link: Arc::clone(&self.name), error }
    }

    fn timed_out(&self, asked: Instant) -> BackendError {
        let milliseconds = asked.elapsed().as_millis();
        BackendError::Timeout(format!("{} did not answer within {milliseconds} ms", self.name))
    }
}

impl<B: ?Sized> Chain<B> {
    /// A chain of links; their names are unique.
    pub fn new(links: Vec<Link<B>>) -> Self {
        Self { links }
    }

    /// The links in order.
    pub fn links(&self) -> &[Link<B>] {
        &self.links
    }
}

impl Chain<dyn Authenticator> {
    /// Asks link after link until one decides.
    ///
    /// An error under `on_error: next` lets the next link be asked, but only that link's consent counts: where
    /// nobody allows, the error stands, so that a directory that is down never looks like a wrong password.
    ///
    /// # Errors
    /// The first error that ended the chain or that nobody's consent made up for.
    pub async fn identify(&self, cx: &Call, login: &Login) -> Result<Verdict<Identity>, LinkError> {
        let mut pending: Option<LinkError> = None;
        for link in &self.links {
            let owned = link.owns(&login.account);
            let not_asked =
                owned == Some(false) || (login.is_anonymous() && !link.backend.answers_anonymous());
            if not_asked {
                cx.note(|| format!("{} is not asked for this account", link.name));
                continue;
            }
            match link.authenticate(cx, login).await {
                Ok(Decision::NoMatch) => {}
                Ok(Decision::Deny(_)) if pending.is_some() => break,
                Ok(decision) => return Ok(Verdict { decision, decided_by: Some(Arc::clone(&link.name)) }),
                Err(error @ BackendError::Overloaded { .. }) => return Err(link.failed(error)),
                Err(error) if link.on_error == OnError::Next => {
                    pending.get_or_insert_with(|| link.failed(error));
                }
                Err(error) => return Err(pending.unwrap_or_else(|| link.failed(error))),
            }
            if owned == Some(true) {
                break;
            }
        }
        match pending {
            Some(error) => Err(error),
            None => Ok(Verdict { decision: Decision::NoMatch, decided_by: None }),
        }
    }

    /// Asks the one link that made an identity for it again.
    ///
    /// # Errors
    /// The link's error.
    pub async fn reload_identity(
        &self,
        cx: &Call,
        link: &str,
        known: &KnownIdentity,
    ) -> Result<Reloaded, BackendError> {
        match self.links.iter().find(|candidate| candidate.name.as_ref() == link) {
            Some(link) => link.reload(cx, known).await,
            None => Ok(Reloaded::Gone(Reason::new(
                dockgate_api::ReasonCode::Forbidden,
                format!("there is no link `{link}` any more"),
            ))),
        }
    }
}

impl Link<dyn Authenticator> {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        let (cx, asked) = (self.call(cx), Instant::now());
        let answer = tokio::time::timeout(cx.remaining(), self.backend.authenticate(&cx, login)).await;
        let answer = answer.unwrap_or_else(|_| Err(self.timed_out(asked)));
        cx.note(|| format!("{} answered {} after {:?}", self.name, outcome(&answer), asked.elapsed()));
        Ok(match answer? {
            Decision::Allow(identity) => Decision::Allow(self.stamp(identity)),
            other => other,
        })
    }

    async fn reload(&self, cx: &Call, known: &KnownIdentity) -> Result<Reloaded, BackendError> {
        let (cx, asked) = (self.call(cx), Instant::now());
        let answer = tokio::time::timeout(cx.remaining(), self.backend.reload(&cx, known)).await;
        Ok(match answer.unwrap_or_else(|_| Err(self.timed_out(asked)))? {
            Reloaded::Current(identity) => Reloaded::Current(self.stamp(identity)),
            other => other,
        })
    }

    fn stamp(&self, mut identity: Identity) -> Identity {
        identity.link = self.name.to_string();
        identity.labels = match self.values {
            None => identity.labels,
            Some(Values::Literal) => turned(identity.labels, LabelValue::into_literal),
            Some(Values::Pattern) => turned(identity.labels, LabelValue::into_pattern),
        };
        identity
    }
}

fn turned(labels: Labels, turn: fn(LabelValue) -> LabelValue) -> Labels {
    labels.map_values(turn)
}

impl Chain<dyn Authorizer> {
    /// Asks link after link until one decides. What is granted is never more than what was asked.
    ///
    /// # Errors
    /// The first error: authorization fails closed, whatever a link would say afterwards.
    pub async fn grant(&self, cx: &Call, request: &AccessRequest<'_>) -> Result<Verdict<Granted>, LinkError> {
        for link in &self.links {
            if link.owns(&request.identity.account) == Some(false) {
                continue;
            }
            let decision = link.authorize(cx, request).await.map_err(|error| link.failed(error))?;
            if !matches!(decision, Decision::NoMatch) {
                return Ok(Verdict { decision, decided_by: Some(Arc::clone(&link.name)) });
            }
            if link.accounts.is_some() {
                break;
            }
        }
        Ok(Verdict { decision: Decision::NoMatch, decided_by: None })
    }
}

impl Link<dyn Authorizer> {
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        let (cx, asked) = (self.call(cx), Instant::now());
        let answer = tokio::time::timeout(cx.remaining(), self.backend.authorize(&cx, request)).await;
        let answer = answer.unwrap_or_else(|_| Err(self.timed_out(asked)));
        cx.note(|| format!("{} answered {} after {:?}", self.name, outcome(&answer), asked.elapsed()));
        Ok(match answer? {
            Decision::Allow(mut granted) => {
                granted.actions = Actions::Only(granted.actions.grant(request.actions));
                Decision::Allow(granted)
            }
            other => other,
        })
    }
}

fn outcome<T>(answer: &Answer<T>) -> String {
    match answer {
        Ok(Decision::Allow(_)) => "allow".to_owned(),
        Ok(Decision::Deny(reason)) => format!("deny ({reason})"),
        Ok(Decision::NoMatch) => "no match".to_owned(),
        Err(error) => format!("an error ({error})"),
    }
}

#[async_trait]
impl Authenticator for Chain<dyn Authenticator> {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        self.identify(cx, login).await.map(|verdict| verdict.decision).map_err(|failed| failed.error)
    }

    fn answers_anonymous(&self) -> bool {
        self.links.iter().any(|link| link.backend.answers_anonymous())
    }
}

#[async_trait]
impl Authorizer for Chain<dyn Authorizer> {
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        self.grant(cx, request).await.map(|verdict| verdict.decision).map_err(|failed| failed.error)
    }
}

#[cfg(test)]
mod tests;
