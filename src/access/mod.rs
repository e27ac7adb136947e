//! One request's way from credentials to granted actions. Every front door calls this and none decides by itself.
//!
//! The order is part of the security model:
//!
//! 1. names that cannot be anybody's, and services that get no tokens here, are refused before anyone is asked;
//! 2. the authentication chain says who it is;
//! 3. if nobody hashed a password, one hash is computed all the same, so that an unknown account takes as long as a
//!    known one;
//! 4. the authorization chain is asked for each scope;
//! 5. the identity's restrictions are intersected last, so that no rule and no label widens it;
//! 6. what is left becomes a [`Grant`].
//!
//! Only this module can make a [`Grant`], and only a [`Grant`] can be signed into a token.

mod decision_log;
mod explain;
pub mod explanation;
mod grant;
mod question;
mod refusal;
mod restriction;

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{
    AccessRequest, ActionSet, Authenticator, Authorizer, Call, Credential, Decision, Identity, Login, Reason,
    ReasonCode, Resource,
};
use dockgate_passwords::PasswordService;

pub use explain::{Explained, Inquiry, Occasion, Proof};
pub use grant::{Decided, Grant, GrantedScope};
pub use question::{Bounds, Question};
pub use refusal::Refusal;

use crate::chain::{Chain, LinkError, Verdict};
use crate::logging::Log;
use crate::scope::{RequestedScope, is_unprintable};
use refusal::NotIdentified;
use restriction::restricted;

/// A turn costs more than a scope; only the many scopes of a few requests are worth one.
const SCOPES_BETWEEN_TURNS: usize = 4;

/// Decides requests: the two chains and what stands between them.
pub struct Access {
    authn: Chain<dyn Authenticator>,
    authz: Chain<dyn Authorizer>,
    passwords: Arc<PasswordService>,
    bounds: Bounds,
    /// The services that get tokens, if not all do.
    services: Option<HashSet<String>>,
    log: Log,
}

impl Access {
    /// Access through two chains, for these services or for all.
    pub fn new(
        authn: Chain<dyn Authenticator>,
        authz: Chain<dyn Authorizer>,
        passwords: Arc<PasswordService>,
        bounds: Bounds,
        services: Option<HashSet<String>>,
        log: Log,
    ) -> Self {
        Self { authn, authz, passwords, bounds, services, log }
    }

    /// Who may be asked, in order.
    pub fn chains(&self) -> (&Chain<dyn Authenticator>, &Chain<dyn Authorizer>) {
        (&self.authn, &self.authz)
    }

    /// Decides a request and writes one line about it.
    ///
    /// # Errors
    /// Why nothing is granted at all. Missing rights are no error: the grant then holds fewer actions, or none.
    pub async fn answer(&self, cx: &Call, question: &Question) -> Result<Grant, Refusal> {
        self.refuse_impossible_names(&question.login)?;
        self.refuse_unknown_service(cx, &question.login)?;
        let identity = self.identify(cx, &question.login).await.inspect_err(|failure| {
            decision_log::not_identified(&self.log, cx, question, failure);
        })?;
        let grant = self.authorize(cx, identity, question).await.inspect_err(|failure| {
            decision_log::not_authorized(&self.log, cx, question, failure);
        })?;
        decision_log::decided(&self.log, cx, question, &grant);
        Ok(grant)
    }

    fn refuse_impossible_names(&self, login: &Login) -> Result<(), Refusal> {
        let impossible = |name: &str| name.len() > self.bounds.name || name.chars().any(is_unprintable);
        if impossible(&login.account) {
            return Err(Refusal::Malformed("the account name is too long or holds control characters"));
        }
        if impossible(&login.service) {
            return Err(Refusal::Malformed("the service name is too long or holds control characters"));
        }
        Ok(())
    }

    /// Before anybody is asked: a token for a registry that nobody runs here is of use to nobody who should have it.
    fn refuse_unknown_service(&self, cx: &Call, login: &Login) -> Result<(), Refusal> {
        if self.serves(&login.service) {
            return Ok(());
        }
        decision_log::unknown_service(&self.log, cx, login);
        Err(Refusal::UnknownService)
    }

    fn serves(&self, service: &str) -> bool {
        self.services.as_ref().is_none_or(|services| services.contains(service))
    }

    async fn identify(&self, cx: &Call, login: &Login) -> Result<Identity, NotIdentified> {
        let password = match &login.credential {
            Credential::Password(password) => Some(password),
            _ => None,
        };
        if password.is_some_and(|password| length(password) > self.bounds.secret) {
            return Err(NotIdentified::Denied(None, Reason::bad_credentials("longer than any password")));
        }
        // A proof without a name proves nothing; it must not end as the anonymous account.
        if login.account.is_empty() && password.is_some() {
            return Err(NotIdentified::Denied(
                None,
                Reason::bad_credentials("a password without an account"),
            ));
        }
        let verdict = self.authn.identify(cx, login).await?;
        let refused = match admitted(cx, verdict) {
            Ok(identity) => return Ok(identity),
            Err(refused) => refused,
        };
        if let Some(password) = password.filter(|_| !cx.did_password_work()) {
            self.passwords.burn(cx, &login.account, password).await?;
        }
        Err(refused)
    }

    async fn authorize(
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

    /// What is granted of a scope when all is said, restrictions last.
    async fn authorize_in_full(
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
    async fn authorize_scope(
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

/// Who a chain's verdict lets in.
fn admitted(cx: &Call, verdict: Verdict<Identity>) -> Result<Identity, NotIdentified> {
    match verdict.decision {
        Decision::Allow(identity) if is_over(identity.expires_at, cx.now()) => {
            let reason = Reason::new(ReasonCode::Expired, "the backend's word for it has ended");
            Err(NotIdentified::Denied(verdict.decided_by, reason))
        }
        Decision::Allow(identity) => Ok(identity),
        Decision::Deny(reason) => Err(NotIdentified::Denied(verdict.decided_by, reason)),
        Decision::NoMatch => Err(NotIdentified::Unknown),
    }
}

fn length(secret: &SecretString) -> usize {
    secret.expose_secret().len()
}

/// Tokens count whole seconds: what ends within this one is over.
fn is_over(until: Option<SystemTime>, now: SystemTime) -> bool {
    until.is_some_and(|until| whole_seconds(until) <= whole_seconds(now))
}

fn whole_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn earliest(a: Option<SystemTime>, b: Option<SystemTime>) -> Option<SystemTime> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (only, None) | (None, only) => only,
    }
}

#[cfg(test)]
mod tests;
