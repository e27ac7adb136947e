//! Who would this be with the right proof?

use std::sync::Arc;

use dockgate_api::{Credential, Decision};

use super::fixture::CANARY;
use super::proofs::kind;
use super::{Suite, rules};
use crate::fakes::call;
use crate::hostile::shown;
use crate::run::run;

impl Suite {
    pub(super) async fn preview(&mut self) {
        self.report.begin(&rules::PREVIEW);
        let known = self.fixture.known.clone();
        let unknown = self.fixture.unknown.account().to_owned();
        for (account, password) in [(known.account, known.password), (unknown, CANARY.to_owned())] {
            let (backend, asked) = (Arc::clone(&self.backend), account.clone());
            let told = run(async move { backend.preview(&call(), &asked).await }).await;
            let Some(told) = told.answered().flatten() else { continue };
            let Some(answer) = self.ask(&account, Credential::password(password)).await else { continue };
            let same = match (&told, &answer) {
                (Ok(Decision::Allow(told)), Ok(Decision::Allow(identity))) => told == identity,
                (Ok(_), Ok(_)) => kind(&told) == kind(&answer),
                // What could not be asked says nothing.
                (Err(_), _) | (_, Err(_)) => true,
            };
            self.demand(&rules::PREVIEW, same, || {
                format!("of account {} it told {}, then came {}", shown(&account), kind(&told), kind(&answer))
            });
        }
    }
}
