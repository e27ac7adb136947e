//! What somebody wants to do, and what comes of it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use crate::{ActionSet, Actions, Identity};

/// One question to an authorizer: may this identity do these things to this resource?
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub struct AccessRequest<'a> {
    /// Who asks.
    pub identity: &'a Identity,
    /// The registry for which the token is meant.
    pub service: &'a str,
    /// Where the client is, as far as it is known.
    pub client_ip: Option<IpAddr>,
    /// What it is about.
    pub resource: &'a Resource,
    /// What is asked; `*` has been replaced by the actions it stands for.
    pub actions: &'a ActionSet,
}

impl<'a> AccessRequest<'a> {
    /// A request from nowhere in particular.
    pub fn new(
        identity: &'a Identity,
        service: &'a str,
        resource: &'a Resource,
        actions: &'a ActionSet,
    ) -> Self {
        Self { identity, service, client_ip: None, resource, actions }
    }

    /// The same with the client's address.
    #[must_use]
    pub fn from_ip(mut self, client_ip: Option<IpAddr>) -> Self {
        self.client_ip = client_ip;
        self
    }
}

/// A thing in a registry (distribution, `docs/content/spec/auth/scope.md`).
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Resource {
    /// `repository`, `registry`, …
    pub kind: String,
    /// The class in `repository(plugin)`.
    pub class: Option<String>,
    /// The name, possibly with a registry host in front; may be empty.
    pub name: String,
}

impl Resource {
    /// A resource without a class.
    pub fn new(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind: kind.into(), class: None, name: name.into() }
    }

    /// A repository.
    pub fn repository(name: impl Into<String>) -> Self {
        Self::new("repository", name)
    }

    /// The same with a class.
    #[must_use]
    pub fn with_class(mut self, class: impl Into<String>) -> Self {
        self.class = Some(class.into());
        self
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.class {
            Some(class) => write!(f, "{}({class}):{}", self.kind, self.name),
            None => write!(f, "{}:{}", self.kind, self.name),
        }
    }
}

/// What an authorizer grants.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// May be wider than what was asked; the chain cuts it down ([`Actions::grant`]).
    pub actions: Actions,
    /// When the permission ends; no token outlives it.
    pub valid_until: Option<SystemTime>,
    /// Which rule it was.
    pub because: Because,
}

impl Granted {
    /// A grant without an end.
    pub fn new(actions: Actions, because: Because) -> Self {
        Self { actions, valid_until: None, because }
    }

    /// The same, ending at a time.
    #[must_use]
    pub fn with_valid_until(mut self, valid_until: Option<SystemTime>) -> Self {
        self.valid_until = valid_until;
        self
    }
}

/// Names the rule that decided, for log, audit and `explain`: where it stands and what its author noted.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// `auth_config.yml:34`, `seq 20`, a program's name.
    pub place: Arc<str>,
    /// The rule's own comment.
    pub comment: Option<Arc<str>>,
}

impl Because {
    /// A rule at a place.
    pub fn at(place: impl Into<Arc<str>>) -> Self {
        Self { place: place.into(), comment: None }
    }

    /// The same with its comment.
    #[must_use]
    pub fn with_comment(mut self, comment: Option<Arc<str>>) -> Self {
        self.comment = comment;
        self
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.comment {
            Some(comment) => write!(f, "{} ({comment})", self.place),
            None => f.write_str(&self.place),
        }
    }
}
