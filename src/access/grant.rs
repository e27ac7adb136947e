//! Permission as a value.
//!
//! The fields are visible to this module's parent alone: whoever holds a [`Grant`] knows that the chains were asked.

use std::sync::Arc;
use std::time::SystemTime;

use dockgate_api::{ActionSet, Because, Identity, Reason, Resource};

/// Permission: who may do what, where, and until when. Made by [`Access`](super::Access) and nobody else.
#[derive(Debug)]
pub struct Grant {
    pub(super) identity: Identity,
    pub(super) service: String,
    pub(super) access: Vec<GrantedScope>,
    pub(super) valid_until: Option<SystemTime>,
}

/// What came of one scope.
#[derive(Debug)]
pub struct GrantedScope {
    pub(super) resource: Resource,
    pub(super) actions: ActionSet,
    pub(super) decided: Decided,
}

/// Who decided a scope, for the administrator.
#[derive(Debug)]
pub enum Decided {
    /// A rule granted actions, or none.
    By(Arc<str>, Because),
    /// A link refused.
    Refused(Arc<str>, Reason),
    /// No link had anything to say.
    Nobody,
}

impl Grant {
    /// Who it is for.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The registry it is for.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// What came of each scope, in the order in which they were asked.
    pub fn access(&self) -> &[GrantedScope] {
        &self.access
    }

    /// When the permission ends, if it does.
    pub fn valid_until(&self) -> Option<SystemTime> {
        self.valid_until
    }
}

impl GrantedScope {
    /// The resource.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// What is granted: a subset of what was asked.
    pub fn actions(&self) -> &ActionSet {
        &self.actions
    }

    /// Who decided.
    pub fn decided(&self) -> &Decided {
        &self.decided
    }
}
