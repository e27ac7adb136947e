//! Many at once.

use dockgate_api::{Credential, Decision};

use super::fixture::CANARY;
use super::{Suite, question, rules};
use crate::fakes::call;

/// How many ask at once.
const AT_ONCE: usize = 50;

impl Suite {
    /// Every other one has a wrong password.
    pub(super) async fn concurrent(&mut self) {
        self.report.begin(&rules::CONCURRENT);
        let known = self.fixture.known.clone();
        let asked: Vec<_> = (0..AT_ONCE)
            .map(|number| {
                let password = if number % 2 == 0 { known.password.as_str() } else { CANARY };
                tokio::spawn(question(&self.backend, call(), &known.account, Credential::password(password)))
            })
            .collect();
        for (number, answer) in asked.into_iter().enumerate() {
            let Some(answer) = self.collect(answer).await else { continue };
            let as_alone = match (number % 2, &answer) {
                (0, Ok(Decision::Allow(identity))) => identity.account == self.fixture.canonical,
                (1, Ok(Decision::Deny(_))) => true,
                _ => false,
            };
            let proof = if number % 2 == 0 { "right" } else { "wrong" };
            self.demand(&rules::CONCURRENT, as_alone, || {
                let error = answer.as_ref().err().map_or("no error", |error| error.kind());
                format!(
                    "call {number}, with a {proof} password, was answered otherwise than before ({error})"
                )
            });
        }
    }

    async fn collect<T: Send + 'static>(
        &mut self,
        asked: tokio::task::JoinHandle<dockgate_api::Answer<T>>,
    ) -> Option<dockgate_api::Answer<T>> {
        let outcome = crate::run::run(asked).await.answered();
        self.demand(&rules::PROMPT, outcome.is_some(), || "one of many calls was not answered".to_owned());
        let answer = outcome?.ok();
        self.demand(&rules::NO_PANIC, answer.is_some(), || "one of many calls panicked".to_owned());
        answer
    }
}
