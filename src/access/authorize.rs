//! What may they do? Scope after scope, with what was asked for together taken apart where that helps.

use std::net::IpAddr;
use std::time::SystemTime;

use dockgate_api::{AccessRequest, ActionSet, Call, Decision, Identity, Resource};

use super::restriction::restricted;
use super::{Access, Decided, Grant, GrantedScope, Question, is_over};
use crate::chain::{LinkError, Verdict};
use crate::scope::RequestedScope;

/// A turn costs more than a scope; only the many scopes of a few requests are worth one.
const SCOPES_BETWEEN_TURNS: usize = 4;

impl Access {
    /// What is granted of each scope, in their order.
    ///
    /// # Errors
    /// The first link that could not answer: nothing is granted then.
    pub(super) async fn authorize(
        &self,
        cx: &Call,
        identity: Identity,
        question: &Question,
    ) -> Result<Grant, LinkError> {
        let mut access = Vec::with_capacity(question.scopes.scopes.len());
        let mut valid_until = identity.expires_at;
        for (count, scope) in question.scopes.scopes.iter().enumerate() {
            if count % SCOPES_BETWEEN_TURNS == SCOPES_BETWEEN_TURNS - 1 {
                // Many rules and many scopes are much work: others take their turn in between.
                tokio::task::yield_now().await;
            }
            let (granted, until) = self.authorize_in_full(cx, &identity, question, scope).await?;
            if !granted.actions.is_empty() {
                valid_until = earliest(valid_until, until);
            }
            access.push(granted);
        }
        Ok(Grant { identity, service: question.login.service.clone(), access, valid_until })
    }

    /// What is granted of a scope when all is said, restrictions last; and until when, if that is bounded.
    ///
    /// # Errors
    /// As [`authorize`](Self::authorize).
    pub(super) async fn authorize_in_full(
        &self,
        cx: &Call,
        identity: &Identity,
        question: &Question,
        scope: &RequestedScope,
    ) -> Result<(GrantedScope, Option<SystemTime>), LinkError> {
        let (mut granted, until) = self.authorize_scope(cx, identity, question, scope).await?;
        for restriction in &identity.restrictions {
            granted.actions = restricted(restriction, &granted.resource, &granted.actions);
        }
        Ok((granted, until))
    }

    /// Asks for a scope, and once more for each set as it was asked if an authorizer refused them all together.
    pub(super) async fn authorize_scope(
        &self,
        cx: &Call,
        identity: &Identity,
        question: &Question,
        scope: &RequestedScope,
    ) -> Result<(GrantedScope, Option<SystemTime>), LinkError> {
        let ip = question.login.client_ip;
        let ask = |actions| {
            self.authorize_once(cx, identity, &question.login.service, ip, &scope.resource, actions)
        };
        let (mut granted, mut until) = ask(&scope.actions).await?;
        if granted.actions.is_empty() && scope.asked_as.len() > 1 {
            for actions in scope.asked_as.iter().filter(|actions| **actions != scope.actions) {
                tokio::task::yield_now().await;
                let (part, part_until) = ask(actions).await?;
                if !part.actions.is_empty() {
                    until = earliest(until, part_until);
                    granted.actions.extend(part.actions.iter().map(str::to_owned));
                    granted.decided = part.decided;
                }
            }
        }
        Ok((granted, until))
    }

    async fn authorize_once(
        &self,
        cx: &Call,
        identity: &Identity,
        service: &str,
        client_ip: Option<IpAddr>,
        resource: &Resource,
        actions: &ActionSet,
    ) -> Result<(GrantedScope, Option<SystemTime>), LinkError> {
        let request = AccessRequest::new(identity, service, resource, actions).from_ip(client_ip);
        let Verdict { decision, decided_by } = self.authz.grant(cx, &request).await?;
        let link = decided_by.unwrap_or_default();
        let (actions, decided, until) = match decision {
            Decision::Allow(granted) if is_over(granted.valid_until, cx.now()) => {
                (ActionSet::EMPTY, Decided::By(link, granted.because), None)
            }
            Decision::Allow(granted) => {
                (granted.actions.grant(actions), Decided::By(link, granted.because), granted.valid_until)
            }
            Decision::Deny(reason) => (ActionSet::EMPTY, Decided::Refused(link, reason), None),
            Decision::NoMatch => (ActionSet::EMPTY, Decided::Nobody, None),
        };
        Ok((GrantedScope { resource: resource.clone(), actions, decided }, until))
    }
}

/// Where either end counts.
pub(super) fn earliest(a: Option<SystemTime>, b: Option<SystemTime>) -> Option<SystemTime> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (only, None) | (None, only) => only,
    }
}
