//! The suite for [`Authorizer`]s.

mod fixture;
mod requests;
pub mod rules;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use dockgate_api::{AccessRequest, ActionSet, Answer, Authorizer, Call, Decision, Granted};

pub use self::fixture::{Allowed, Case, Fixture, NotMine};
use crate::hostile::shown;
use crate::run::{Outcome, run};
use crate::{Report, Rule};

/// Holds an authorizer to the contract; needs a tokio runtime with time enabled, better one with several
/// threads.
///
/// # Panics
/// With every broken rule, or if the fixture cannot prove anything.
pub async fn conformance(backend: Arc<dyn Authorizer>, fixture: Fixture) -> Report {
    check(backend, fixture).await.or_panic("the authorizer")
}

/// The same without the panic: what is wrong stands in the report.
///
/// # Panics
/// If the fixture cannot prove anything.
pub async fn check(backend: Arc<dyn Authorizer>, fixture: Fixture) -> Report {
    fixture.refuse_if_useless();
    let mut suite = Suite { backend, fixture, report: Report::default() };
    suite.allowed(&rules::ALLOWED).await;
    suite.denied().await;
    suite.not_mine().await;
    suite.nothing_asked().await;
    suite.hostile().await;
    suite.late().await;
    suite.concurrent().await;
    suite.allowed(&rules::RECOVERS).await;
    suite.report
}

struct Suite {
    backend: Arc<dyn Authorizer>,
    fixture: Fixture,
    report: Report,
}

impl Suite {
    async fn ask(&mut self, cx: Call, case: &Case) -> Option<Answer<Granted>> {
        let outcome = run(question(&self.backend, cx, case.clone())).await;
        self.judge(case, outcome)
    }

    /// Holds whatever comes back to the rules that count for every answer.
    fn judge(&mut self, case: &Case, outcome: Outcome<Answer<Granted>>) -> Option<Answer<Granted>> {
        let shown_case =
            || format!("{} of {}", shown(&case.resource.to_string()), shown(&case.identity.account));
        self.demand(&rules::NO_PANIC, !matches!(outcome, Outcome::Panicked), shown_case);
        self.demand(&rules::PROMPT, !matches!(outcome, Outcome::Hung), shown_case);
        let answer = outcome.answered()?;
        if let Ok(Decision::Allow(granted)) = &answer {
            self.demand(&rules::BECAUSE, !granted.because.place.is_empty(), shown_case);
        }
        Some(answer)
    }

    fn demand(&mut self, rule: &Rule, holds: bool, how: impl FnOnce() -> String) {
        self.report.demand(rule, holds, how);
    }
}

/// What is left of an answer once it meets what was asked; nothing for an error.
fn outcome_of(answer: &Answer<Granted>, asked: &ActionSet) -> Option<ActionSet> {
    match answer {
        Ok(Decision::Allow(granted)) => Some(granted.actions.grant(asked)),
        Ok(Decision::Deny(_) | Decision::NoMatch) => Some(ActionSet::EMPTY),
        Err(_) => None,
    }
}

fn kind(answer: &Answer<Granted>, asked: &ActionSet) -> String {
    match answer {
        Ok(Decision::Allow(granted)) => format!("Allow of \"{}\"", granted.actions.grant(asked)),
        Ok(Decision::Deny(reason)) => format!("Deny ({})", reason.code),
        Ok(Decision::NoMatch) => "NoMatch".to_owned(),
        Err(error) => format!("an error ({})", error.kind()),
    }
}

fn question(
    backend: &Arc<dyn Authorizer>,
    cx: Call,
    case: Case,
) -> impl Future<Output = Answer<Granted>> + Send + 'static {
    let backend = Arc::clone(backend);
    async move {
        let request = AccessRequest::new(&case.identity, &case.service, &case.resource, &case.actions);
        backend.authorize(&cx, &request.from_ip(case.client_ip)).await
    }
}
