//! Whether a request may pass a proxy to its registry.

use dockgate_api::{ActionSet, Call, Identity, Labels, Resource};

use super::{About, Access, Grant, GrantedScope, Question, Refusal, audit_event, decision_log};
use crate::audit::NotWritten;
use crate::gate::Demand;
use crate::scope::RequestedScope;
use crate::token::Verified;

/// Permission to pass: made here and nowhere else.
#[derive(Clone, Debug)]
pub struct Pass {
    account: String,
    labels: Labels,
}

impl Pass {
    /// Who passes; empty for nobody in particular.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// What is known of them. A token says nothing of it.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }
}

/// Why a request does not pass.
#[derive(Debug)]
pub enum NoPass {
    /// It was not even decided.
    Refused(Refusal),
    /// Nobody in particular asks, for what nobody in particular may do.
    Anonymous,
    /// Somebody asks for what they may not do.
    Denied,
    /// Somebody may pass, and the audit line could not be written.
    NotAudited,
}

impl From<Refusal> for NoPass {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<NotWritten> for NoPass {
    fn from(_: NotWritten) -> Self {
        Self::NotAudited
    }
}

impl Access {
    /// Decides about a request of whoever a login is: all of what is demanded must be granted. `question` asks for it.
    ///
    /// # Errors
    /// Why it does not pass. All of it is written down here.
    pub async fn pass(&self, cx: &Call, question: &Question, demand: &Demand) -> Result<Pass, NoPass> {
        let grant = self.answer(cx, question).await?;
        let about = About { cx, question, client_id: None };
        let lacks_any = !covers_all(&grant, &question.scopes.scopes);
        // Clients send a password only to a registry that asked for it at its base.
        let lacks_login = demand.is_login() && grant.identity().account.is_empty();
        let passes = !lacks_any && !lacks_login;
        decision_log::at_the_gate(&self.log, &about, &grant, passes);
        if let Some(audit) = &self.audit {
            let event = audit_event::at_the_gate(audit, &about, &grant, passes);
            audit.commit(&event, cx.remaining()).await?;
        }
        let Identity { account, labels, .. } = grant.identity;
        match (passes, account.is_empty()) {
            (true, _) => Ok(Pass { account, labels }),
            (false, true) => Err(NoPass::Anonymous),
            (false, false) => Err(NoPass::Denied),
        }
    }

    /// The same by a token of our own, which says what was decided when it was signed. `question` has nobody's login.
    ///
    /// # Errors
    /// As [`pass`](Self::pass).
    pub async fn pass_by_token(
        &self,
        cx: &Call,
        question: &Question,
        demand: &Demand,
        token: &Verified,
    ) -> Result<Pass, NoPass> {
        let about = About { cx, question, client_id: None };
        let lacks = |scope: &RequestedScope| {
            let Resource { kind, name, .. } = &scope.resource;
            scope.actions.iter().any(|action| !token.grants(kind, name, action))
        };
        let lacks_login = matches!(demand, Demand::Login) && token.subject.is_empty();
        let passes = !lacks_login && !question.scopes.scopes.iter().any(lacks);
        decision_log::token_at_the_gate(&self.log, &about, token, passes);
        if let Some(audit) = &self.audit {
            let event = audit_event::token_at_the_gate(audit, &about, token, passes);
            audit.commit(&event, cx.remaining()).await?;
        }
        if passes {
            Ok(Pass { account: token.subject.clone(), labels: Labels::new() })
        } else {
            Err(NoPass::Denied)
        }
    }
}

fn covers_all(grant: &Grant, asked: &[RequestedScope]) -> bool {
    let covers = |(granted, asked): (&GrantedScope, &RequestedScope)| {
        *granted.resource() == asked.resource && includes(granted.actions(), &asked.actions)
    };
    grant.access().len() == asked.len() && grant.access().iter().zip(asked).all(covers)
}

fn includes(granted: &ActionSet, asked: &ActionSet) -> bool {
    asked.iter().all(|action| granted.contains(action))
}
