//! Backends in order. A chain is itself an [`Authenticator`] or an [`Authorizer`].
//!
//! What every backend would otherwise have to do is done here, once: deadlines, `on_error`, `accounts`, the link's
//! name on an identity, whether label values act as patterns, and cutting what is granted down to what was asked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::{
    AccessRequest, Actions, Answer, Authenticator, Authorizer, BackendError, Call, Decision, Granted, Health,
    Identity, KnownIdentity, LabelValues, Login, Reason, ReasonCode, Reloaded, async_trait,
};
use dockgate_rules::Pattern;

use crate::config::links::OnError;

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
    /// Whether label values act as patterns.
    pub values: LabelValues,
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
        let cx = cx.for_link(&self.name);
        match self.timeout {
            Some(timeout) => cx.with_deadline(Instant::now() + timeout),
            None => cx,
        }
    }

    fn owns(&self, account: &str) -> bool {
        self.accounts.as_ref().is_some_and(|accounts| accounts.matches(account))
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

    /// The links that are asked for an account: its owners, or those that own nothing if nobody owns it.
    fn asked_for(&self, account: &str) -> impl Iterator<Item = &Link<B>> {
        let owned = self.is_owned(account);
        self.links.iter().filter(move |link| if owned { link.owns(account) } else { link.accounts.is_none() })
    }

    fn is_owned(&self, account: &str) -> bool {
        self.links.iter().any(|link| link.owns(account))
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
        let asked: Vec<&Link<dyn Authenticator>> = if login.claims_account() {
            self.asked_for(&login.account).collect()
        } else {
            self.links.iter().collect()
        };
        for link in asked {
            if !login.has_proof() && !link.backend.answers_without_proof(&login.account) {
                cx.note(|| format!("{} is not asked without a proof", link.name));
                continue;
            }
            match link.authenticate(cx, login).await {
                Ok(Decision::NoMatch) => {}
                Ok(Decision::Deny(_)) if pending.is_some() => break,
                Ok(decision) => {
                    let decision = self.refuse_foreign(link, decision);
                    return Ok(Verdict { decision, decided_by: Some(Arc::clone(&link.name)) });
                }
                Err(error @ BackendError::Overloaded { .. }) => return Err(link.failed(error)),
                Err(error) if link.on_error == OnError::Next => {
                    pending.get_or_insert_with(|| link.failed(error));
                }
                Err(error) => return Err(pending.unwrap_or_else(|| link.failed(error))),
            }
        }
        match pending {
            Some(error) => Err(error),
            None => Ok(Verdict { decision: Decision::NoMatch, decided_by: None }),
        }
    }

    /// A link may find out that the client is somebody whose account another link owns: under another spelling, or
    /// where the client claimed no account.
    fn refuse_foreign(
        &self,
        link: &Link<dyn Authenticator>,
        decision: Decision<Identity>,
    ) -> Decision<Identity> {
        match decision {
            Decision::Allow(identity)
                if self.is_owned(&identity.account) && !link.owns(&identity.account) =>
            {
                let detail = format!("{} is an account of another link", identity.account);
                Decision::Deny(Reason::new(ReasonCode::NotMember, detail))
            }
            decision => decision,
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
    ) -> Result<Reloaded, LinkError> {
        let Some(link) = self.links.iter().find(|candidate| candidate.name.as_ref() == link) else {
            let detail = format!("there is no link `{link}` any more");
            return Ok(Reloaded::Gone(Reason::new(ReasonCode::Removed, detail)));
        };
        link.reload(cx, known).await.map_err(|error| link.failed(error))
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
            LabelValues::Literal => identity.labels.into_literals(),
            LabelValues::Pattern => identity.labels.into_patterns(),
        };
        identity
    }
}

impl Chain<dyn Authorizer> {
    /// Asks link after link until one decides. What is granted is never more than what was asked, and ends where an
    /// earlier link would have more to say.
    ///
    /// # Errors
    /// The first error: authorization fails closed, whatever a link would say afterwards.
    pub async fn grant(&self, cx: &Call, request: &AccessRequest<'_>) -> Result<Verdict<Granted>, LinkError> {
        // Alone, a link that has nothing to say ends nothing.
        let question = (self.links.len() > 1).then(|| cx.for_question());
        let cx = question.as_ref().unwrap_or(cx);
        for link in self.asked_for(&request.identity.account) {
            let decision = link.authorize(cx, request).await.map_err(|error| link.failed(error))?;
            let decision = match decision {
                Decision::NoMatch => continue,
                Decision::Allow(granted) => {
                    let ends = [granted.valid_until, cx.no_match_until()].into_iter().flatten().min();
                    Decision::Allow(granted.with_valid_until(ends))
                }
                Decision::Deny(reason) => Decision::Deny(reason),
            };
            return Ok(Verdict { decision, decided_by: Some(Arc::clone(&link.name)) });
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

    fn answers_without_proof(&self, account: &str) -> bool {
        self.links.iter().any(|link| link.backend.answers_without_proof(account))
    }

    async fn health(&self, cx: &Call) -> Health {
        let mut all = Vec::with_capacity(self.links.len());
        for link in &self.links {
            all.push((&*link.name, link.backend.health(&link.call(cx)).await));
        }
        together(all)
    }
}

#[async_trait]
impl Authorizer for Chain<dyn Authorizer> {
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        self.grant(cx, request).await.map(|verdict| verdict.decision).map_err(|failed| failed.error)
    }

    async fn health(&self, cx: &Call) -> Health {
        let mut all = Vec::with_capacity(self.links.len());
        for link in &self.links {
            all.push((&*link.name, link.backend.health(&link.call(cx)).await));
        }
        together(all)
    }
}

/// A chain is up if all its links are; what is said of one names it.
fn together(all: Vec<(&str, Health)>) -> Health {
    let troubles: Vec<String> = all
        .into_iter()
        .filter_map(|(link, health)| match health {
            Health::Up => None,
            Health::Degraded(why) | Health::Down(why) => Some(format!("{link}: {why}")),
            _ => Some(format!("{link}: in a state that is not known here")),
        })
        .collect();
    if troubles.is_empty() { Health::Up } else { Health::Degraded(troubles.join("; ")) }
}

#[cfg(test)]
mod tests;
