//! One request's way from credentials to granted actions. Every front door calls this and none decides by itself.
//!
//! The order is part of the security model:
//!
//! 1. names that cannot be anybody's, and services that get no tokens here, are refused before anyone is asked;
//! 2. a client certificate that a link takes says whose the request is; what else it says must be the same account's;
//! 3. a credential of our own is looked up in the store, and the link that vouched for its owner is asked again;
//! 4. anything else goes to the authentication chain, which says who it is; who failed too often is slowed or refused
//!    before ([`lockout`](crate::lockout));
//! 5. if nobody hashed a password, one hash is computed all the same, so that an unknown account takes as long as a
//!    known one;
//! 6. the authorization chain is asked for each scope;
//! 7. the identity's restrictions are intersected last, so that no rule and no label widens it;
//! 8. what is left becomes a [`Grant`].
//!
//! Only this module can make a [`Grant`], and only a [`Grant`] can be signed into a token.

mod audit_event;
mod authorize;
mod certificate;
mod decision_log;
mod device;
mod door;
mod explain;
pub mod explanation;
mod gate;
mod grant;
mod owner;
mod question;
mod refusal;
mod restriction;
mod sign_in;
mod sign_in_events;
mod stored;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::SystemTime;

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{
    Authenticator, Authorizer, Call, Credential, CredentialId, Decision, Identity, Login, Reason, ReasonCode,
};
use dockgate_passwords::PasswordService;

pub use door::AtTheDoor;
pub use explain::{Explained, Inquiry, Occasion, Proof};
pub use gate::{NoPass, Pass};
pub use grant::{Decided, Grant, GrantedScope};
pub use owner::NoOwner;
pub use question::{Bounds, Question};
pub use refusal::Refusal;
pub use sign_in::NotSignedIn;

use crate::audit::{Audit, Event, NotWritten};
use crate::chain::{Chain, Verdict};
use crate::credentials::{Credentials, gives_away};
use crate::lockout::{Claim, Guard, Standing};
use crate::logging::Log;
use crate::metrics::RequestMeter;
use crate::scope::is_unprintable;
use crate::sign_ins::SignIns;
use crate::token::Issued;
use refusal::NotIdentified;

/// What came of a grant: a token, and what the client keeps to come back with.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The token.
    pub token: &'a Issued,
    /// The refresh token beside it, by its id.
    pub refresh: Option<&'a CredentialId>,
}

/// One request, for those who write it down.
struct About<'a> {
    cx: &'a Call,
    question: &'a Question,
    client_id: Option<&'a str>,
}

/// Decides requests: the two chains and what stands between them.
pub struct Access {
    /// Asking a provider goes on when the configuration is gone.
    authn: Arc<Chain<dyn Authenticator>>,
    authz: Chain<dyn Authorizer>,
    passwords: Arc<PasswordService>,
    bounds: Bounds,
    /// The services that get tokens, if not all do.
    services: Option<HashSet<String>>,
    lockout: Option<Guard>,
    log: Log,
    audit: Option<Audit>,
    meter: RequestMeter,
    credentials: Option<Credentials>,
    sign_ins: Option<SignIns>,
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
        let (lockout, audit, meter, credentials, sign_ins) =
            (None, None, RequestMeter::default(), None, None);
        let authn = Arc::new(authn);
        Self { authn, authz, passwords, bounds, services, lockout, log, audit, meter, credentials, sign_ins }
    }

    /// The same with lock-out, if it is on.
    #[must_use]
    pub fn guarded(mut self, lockout: Option<Guard>) -> Self {
        self.lockout = lockout;
        self
    }

    /// Lock-out, if it is on.
    pub fn lockout(&self) -> Option<&Guard> {
        self.lockout.as_ref()
    }

    /// The same with an audit log, if there is one, and with its requests counted.
    #[must_use]
    pub fn seen(mut self, audit: Option<Audit>, meter: RequestMeter) -> Self {
        (self.audit, self.meter) = (audit, meter);
        self
    }

    /// Counts requests, for the front doors.
    pub fn meter(&self) -> &RequestMeter {
        &self.meter
    }

    /// Who may be asked, in order.
    pub fn chains(&self) -> (&Chain<dyn Authenticator>, &Chain<dyn Authorizer>) {
        (&self.authn, &self.authz)
    }

    /// Decides a request. A refusal is written down here, a grant by [`conclude`](Self::conclude), once it is known what
    /// came of it; what makes no sense by [`refused_at_the_door`](Self::refused_at_the_door).
    ///
    /// # Errors
    /// Why nothing is granted at all. Missing rights are no error: the grant then holds fewer actions, or none.
    pub async fn answer(&self, cx: &Call, question: &Question) -> Result<Grant, Refusal> {
        self.answer_client(cx, question, None).await
    }

    /// The same for a client that says what it is.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub async fn answer_client(
        &self,
        cx: &Call,
        question: &Question,
        client_id: Option<&str>,
    ) -> Result<Grant, Refusal> {
        self.refuse_impossible_names(&question.login)?;
        let about = About { cx, question, client_id };
        self.refuse_unknown_service(&about)?;
        let identity = self.identify_client(cx, question).await.inspect_err(|failure| {
            // What makes no sense is written down at the door.
            if matches!(failure, NotIdentified::Differs) {
                return;
            }
            decision_log::not_identified(&self.log, &about, failure);
            self.audited(|audit| audit_event::not_identified(audit, &about, failure));
        })?;
        let grant = self.authorize(cx, identity, question).await.inspect_err(|failure| {
            decision_log::failed_link(&self.log, &about, failure);
            self.audited(|audit| audit_event::failed_link(audit, &about, failure));
        })?;
        Ok(grant)
    }

    /// Writes down a grant and the token that was made of it, if one could be made.
    ///
    /// # Errors
    /// With `audit.required`, if the audit line was not written: the token must not be handed out.
    pub async fn conclude(
        &self,
        cx: &Call,
        question: &Question,
        client_id: Option<&str>,
        grant: &Grant,
        signed: Option<Signed<'_>>,
    ) -> Result<(), NotWritten> {
        let about = About { cx, question, client_id };
        decision_log::decided(&self.log, &about, grant, signed);
        let Some(audit) = &self.audit else { return Ok(()) };
        let Some(signed) = signed else {
            audit.push(&audit_event::not_signed(audit, &about, grant));
            return Ok(());
        };
        audit.commit(&audit_event::token(audit, &about, grant, signed), cx.remaining()).await
    }

    /// Writes down a request that nobody was asked about.
    pub fn refused_at_the_door(&self, refused: &AtTheDoor<'_>) {
        refused.log();
        self.audited(|audit| refused.event(audit));
    }

    fn audited(&self, event: impl FnOnce(&Audit) -> Event) {
        if let Some(audit) = &self.audit {
            audit.push(&event(audit));
        }
    }

    fn refuse_impossible_names(&self, login: &Login) -> Result<(), Refusal> {
        let impossible = |name: &str| name.len() > self.bounds.name || name.chars().any(is_unprintable);
        if impossible(&login.account) {
            return Err(Refusal::Malformed("the account name is too long or holds control characters"));
        }
        if impossible(&login.service) {
            return Err(Refusal::Malformed("the service name is too long or holds control characters"));
        }
        // It would be written down, and asked of directories.
        if gives_away(&login.account) {
            return Err(Refusal::Malformed("the account name is a token: give the token as the password"));
        }
        Ok(())
    }

    /// Before anybody is asked: a token for a registry that nobody runs here is of use to nobody who should have it.
    fn refuse_unknown_service(&self, about: &About<'_>) -> Result<(), Refusal> {
        if self.serves(&about.question.login.service) {
            return Ok(());
        }
        decision_log::unknown_service(&self.log, about);
        self.audited(|audit| audit_event::unknown_service(audit, about));
        Err(Refusal::UnknownService)
    }

    fn serves(&self, service: &str) -> bool {
        self.services.as_ref().is_none_or(|services| services.contains(service))
    }

    /// Who it is, unless too many logins failed before.
    async fn let_in(&self, cx: &Call, login: &Login, standing: Standing) -> Result<Identity, NotIdentified> {
        let claim = Claim::of(login, standing).filter(|_| self.is_guessable(login));
        let (Some(guard), Some(claim)) = (&self.lockout, claim) else {
            return self.identify(cx, login).await;
        };
        let attempt = guard.enter(cx, claim).await?;
        let identified = self.identify(cx, login).await;
        match &identified {
            Ok(_) => attempt.right().await,
            Err(NotIdentified::Denied(_, reason)) => {
                let is_the_password = matches!(reason.code, ReasonCode::BadCredentials | ReasonCode::Locked);
                attempt.wrong(is_the_password).await;
            }
            Err(NotIdentified::Unknown) => attempt.wrong(true).await,
            Err(NotIdentified::Failed(_) | NotIdentified::Locked { .. } | NotIdentified::Differs) => {
                attempt.unanswered();
            }
        }
        identified
    }

    /// Nobody guesses what is longer than any password, or one of our own credentials.
    fn is_guessable(&self, login: &Login) -> bool {
        matches!(&login.credential, Credential::Password(password)
            if length(password) <= self.bounds.secret && !gives_away(password.expose_secret()))
    }

    async fn identify(&self, cx: &Call, login: &Login) -> Result<Identity, NotIdentified> {
        let password = match &login.credential {
            Credential::Password(password) => Some(password),
            _ => None,
        };
        if password.is_some_and(|password| length(password) > self.bounds.secret) {
            return Err(NotIdentified::Denied(None, Reason::bad_credentials("longer than any password")));
        }
        if let Some(password) = password
            && let Some(identified) = self.identify_stored(cx, login, password).await
        {
            return identified;
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

#[cfg(test)]
mod tests;
