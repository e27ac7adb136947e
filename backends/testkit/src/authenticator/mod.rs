//! The suite for [`Authenticator`]s.

mod concurrency;
mod fixture;
mod previews;
mod proofs;
mod reloads;
pub mod rules;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use dockgate_api::{Answer, Authenticator, Call, Credential, Identity, Login};

pub use self::fixture::{Anonymous, Fixture, Person, Reload, Unknown};
use crate::fakes::call;
use crate::hostile::shown;
use crate::run::{Outcome, run, run_within};
use crate::{Report, Rule};

/// Holds an authenticator to the contract; needs a tokio runtime with time enabled, better one with several
/// threads.
///
/// # Panics
/// With every broken rule, or if the fixture cannot prove anything.
pub async fn conformance(backend: Arc<dyn Authenticator>, fixture: Fixture) -> Report {
    check(backend, fixture).await.or_panic("the authenticator")
}

/// The same without the panic: what is wrong stands in the report.
///
/// # Panics
/// If the fixture cannot prove anything.
pub async fn check(backend: Arc<dyn Authenticator>, fixture: Fixture) -> Report {
    fixture.refuse_if_useless();
    let mut suite = Suite { backend, fixture, report: Report::default() };
    suite.right().await;
    suite.wrong().await;
    suite.unknown().await;
    suite.empty().await;
    suite.anonymous().await;
    suite.hostile().await;
    suite.late().await;
    suite.concurrent().await;
    suite.reload().await;
    suite.preview().await;
    suite.right_again().await;
    suite.report
}

struct Suite {
    backend: Arc<dyn Authenticator>,
    fixture: Fixture,
    report: Report,
}

impl Suite {
    /// Asks, and holds whatever comes back to the rules that count for every answer.
    async fn ask(&mut self, account: &str, credential: Credential) -> Option<Answer<Identity>> {
        self.ask_by(call(), account, credential).await
    }

    async fn ask_by(&mut self, cx: Call, account: &str, credential: Credential) -> Option<Answer<Identity>> {
        let outcome = run(question(&self.backend, cx, account, credential)).await;
        self.judge(account, outcome)
    }

    async fn ask_late(&mut self, account: &str, credential: Credential) -> Option<Answer<Identity>> {
        let limit = std::time::Duration::from_secs(20);
        let outcome =
            run_within(limit, question(&self.backend, crate::fakes::late_call(), account, credential)).await;
        self.judge(account, outcome)
    }

    fn judge(&mut self, account: &str, outcome: Outcome<Answer<Identity>>) -> Option<Answer<Identity>> {
        let report = &mut self.report;
        report.demand(&rules::NO_PANIC, !matches!(outcome, Outcome::Panicked), || {
            format!("account {} made it panic", shown(account))
        });
        report.demand(&rules::PROMPT, !matches!(outcome, Outcome::Hung), || {
            format!("account {} was not answered", shown(account))
        });
        let answer = outcome.answered()?;
        let text = match &answer {
            Ok(decision) => format!("{decision:?}"),
            Err(error) => format!("{error:?} {error}"),
        };
        for password in [&self.fixture.known.password, fixture::CANARY] {
            report.demand(&rules::NO_LEAK, !text.contains(password), || {
                format!("the answer to account {} contains the password", shown(account))
            });
        }
        Some(answer)
    }

    fn demand(&mut self, rule: &Rule, holds: bool, how: impl FnOnce() -> String) {
        self.report.demand(rule, holds, how);
    }
}

fn question(
    backend: &Arc<dyn Authenticator>,
    cx: Call,
    account: &str,
    credential: Credential,
) -> impl Future<Output = Answer<Identity>> + Send + 'static {
    let backend = Arc::clone(backend);
    let login = Login::new(account, credential);
    async move { backend.authenticate(&cx, &login).await }
}
