//! Backends in order. A chain is itself an [`Authenticator`](dockgate_api::Authenticator) or an
//! [`Authorizer`](dockgate_api::Authorizer).
//!
//! What every backend would otherwise have to do is done here, once: deadlines, `on_error`, `accounts`, the link's
//! name on an identity, whether label values act as patterns, and cutting what is granted down to what was asked.

mod authn;
mod authz;
mod explain;
mod pending;
mod sign_in;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::{Answer, BackendError, Call, Decision, Health, LabelValues, Metrics};
use dockgate_rules::Pattern;

pub use explain::{Preview, Turn};

use crate::config::links::{ChainKind, OnError};
use crate::metrics::LinkMeter;

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
    /// One for each link, in their order.
    meters: Vec<LinkMeter>,
}

/// A chain's answer and the link that gave it; nobody's if none had anything to say.
#[derive(Debug)]
pub struct Verdict<T> {
    /// The decision.
    pub decision: Decision<T>,
    /// Whose decision it is.
    pub decided_by: Option<Arc<str>>,
}

impl<T> Verdict<T> {
    /// In favour, by nobody in the chain.
    pub fn own(value: T) -> Self {
        Self { decision: Decision::Allow(value), decided_by: None }
    }
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

/// Counts an answer, unless it only is to be explained: nobody was let in or refused by it.
fn count<T>(cx: &Call, meter: &LinkMeter, answer: &Answer<T>, took: Duration) {
    if !cx.is_traced() {
        meter.count(answer, took);
    }
}

impl<B: ?Sized> Chain<B> {
    /// A chain of links; their names are unique.
    pub fn new(links: Vec<Link<B>>) -> Self {
        let meters = links.iter().map(|_| LinkMeter::default()).collect();
        Self { links, meters }
    }

    /// The same with what its links answer counted under their names.
    #[must_use]
    pub fn counted(mut self, kind: ChainKind, metrics: &dyn Metrics) -> Self {
        let meter = |link: &Link<B>| LinkMeter::new(metrics, kind.list_key(), &link.name);
        self.meters = self.links.iter().map(meter).collect();
        self
    }

    /// The links in order.
    pub fn links(&self) -> &[Link<B>] {
        &self.links
    }

    /// The links by themselves.
    pub fn into_links(self) -> Vec<Link<B>> {
        self.links
    }

    /// The links that are asked for an account: its owners, or those that own nothing if nobody owns it; all of them where
    /// no account is claimed.
    fn asked_for(&self, account: Option<&str>) -> impl Iterator<Item = (&Link<B>, &LinkMeter)> {
        let asked = self.turns(account).zip(&self.meters).filter(|((_, turn), _)| *turn == Turn::Asked);
        asked.map(|((link, _), meter)| (link, meter))
    }

    fn is_owned(&self, account: &str) -> bool {
        self.links.iter().any(|link| link.owns(account))
    }
}

/// What was left until the deadline when a link was asked. The clock is read once, not once more.
fn left(cx: &Call, asked: Instant) -> Duration {
    cx.deadline().saturating_duration_since(asked)
}

fn outcome<T>(answer: &Answer<T>) -> String {
    match answer {
        Ok(Decision::Allow(_)) => "allow".to_owned(),
        Ok(Decision::Deny(reason)) => format!("deny ({reason})"),
        Ok(Decision::NoMatch) => "no match".to_owned(),
        Err(error) => format!("an error ({error})"),
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
