//! Who somebody turned out to be.

use std::sync::Arc;
use std::time::SystemTime;

use crate::{Actions, Labels};

/// The identity that an authenticator vouches for.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name of the link that answered. The chain writes it; what a backend puts here is overwritten.
    pub link: Arc<str>,
    /// What stays the same within the link when the account is renamed: a directory's entry id, an identity
    /// provider's subject, the account itself for static users.
    pub subject: String,
    /// The account in its canonical spelling: what rules compare, what the token carries as `sub`.
    pub account: String,
    /// Groups, teams and whatever else the backend knows.
    pub labels: Labels,
    /// When the backend's word stops counting; no token outlives it.
    pub expires_at: Option<SystemTime>,
    /// What this identity can never exceed, whatever the rules say: each of them holds. A stored credential's comes on
    /// top of the identity's own.
    pub restrictions: Vec<Restriction>,
    /// The stored credential that was used, if any.
    pub credential: Option<CredentialId>,
    /// Changes whenever the account's password does, so that what was issued on the old one can end with it.
    /// Opaque, and no secret.
    pub epoch: Option<String>,
}

impl Identity {
    /// An identity whose subject is the account itself, without labels or limits.
    pub fn new(account: impl Into<String>) -> Self {
        let account = account.into();
        Self {
            link: Arc::default(),
            subject: account.clone(),
            account,
            labels: Labels::new(),
            expires_at: None,
            restrictions: Vec::new(),
            credential: None,
            epoch: None,
        }
    }

    /// The same with a subject of its own.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// The same with labels.
    #[must_use]
    pub fn with_labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    /// The same, ending at a time.
    #[must_use]
    pub fn with_expires_at(mut self, expires_at: Option<SystemTime>) -> Self {
        self.expires_at = expires_at;
        self
    }

    /// The same under one more restriction; there is no way to take one off.
    #[must_use]
    pub fn restricted_to(mut self, restriction: Restriction) -> Self {
        self.restrictions.push(restriction);
        self
    }

    /// The same with a credential epoch.
    #[must_use]
    pub fn with_epoch(mut self, epoch: impl Into<String>) -> Self {
        self.epoch = Some(epoch.into());
        self
    }
}

/// What is remembered of an identity, to ask its link for it again without a password.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownIdentity {
    /// [`Identity::subject`] of then.
    pub subject: String,
    /// [`Identity::account`] of then.
    pub account: String,
    /// [`Identity::epoch`] of then.
    pub epoch: Option<String>,
}

impl KnownIdentity {
    /// What a store remembered.
    pub fn new(subject: impl Into<String>, account: impl Into<String>, epoch: Option<String>) -> Self {
        Self { subject: subject.into(), account: account.into(), epoch }
    }

    /// What to remember.
    pub fn of(identity: &Identity) -> Self {
        Self {
            subject: identity.subject.clone(),
            account: identity.account.clone(),
            epoch: identity.epoch.clone(),
        }
    }
}

/// The scopes that an identity can never exceed. It is intersected last, so that no rule and no label widens it.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    /// A request is cut down to what at least one of these covers; none of them covers nothing.
    pub scopes: Vec<ScopeLimit>,
}

impl Restriction {
    /// A restriction to these scopes.
    pub fn to(scopes: Vec<ScopeLimit>) -> Self {
        Self { scopes }
    }
}

/// One scope of a [`Restriction`].
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeLimit {
    /// The resource type, exactly.
    pub kind: String,
    /// A glob over names in which `**` crosses `/`.
    pub name: String,
    /// No more than these.
    pub actions: Actions,
}

impl ScopeLimit {
    /// A limit.
    pub fn new(kind: impl Into<String>, name: impl Into<String>, actions: Actions) -> Self {
        Self { kind: kind.into(), name: name.into(), actions }
    }
}

/// Names a stored credential (an app password, a refresh token); no secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CredentialId(pub String);
