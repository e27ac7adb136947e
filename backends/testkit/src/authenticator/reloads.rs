//! Who is this now?

use std::sync::Arc;

use dockgate_api::{BackendError, Credential, Decision, Identity, KnownIdentity, Reloaded};

use super::fixture::Reload;
use super::{Suite, rules};
use crate::fakes::call;
use crate::run::run;

impl Suite {
    pub(super) async fn reload(&mut self) {
        self.report.begin(&rules::RELOAD);
        let known = self.fixture.known.clone();
        let answer = self.ask(&known.account, Credential::password(known.password)).await;
        let identity = answer.and_then(Result::ok).and_then(Decision::allowed);
        let can_reload = self.backend.can_reload();
        match self.fixture.reload.clone() {
            Reload::NotSupported(_) => {
                self.demand(&rules::RELOAD, !can_reload, || {
                    "can_reload is true, the fixture says it is not supported".to_owned()
                });
                let known = identity.unwrap_or_else(|| Identity::new(&known.account));
                self.expect("somebody", KnownIdentity::of(&known), |it| *it == Reloaded::Unsupported).await;
            }
            Reload::Supported { removed, epoch } => {
                self.demand(&rules::RELOAD, can_reload, || {
                    "can_reload is false, the fixture says it is supported".to_owned()
                });
                self.removed(removed).await;
                if let Some(identity) = identity {
                    self.current(&identity).await;
                    self.old_epoch(identity, epoch).await;
                }
            }
        }
    }

    async fn current(&mut self, identity: &Identity) {
        let (subject, account) = (identity.subject.clone(), identity.account.clone());
        self.expect("the known account", KnownIdentity::of(identity), move |reloaded| match reloaded {
            Reloaded::Current(now) => now.subject == subject && now.account == account && now.link.is_empty(),
            _ => false,
        })
        .await;
    }

    async fn removed(&mut self, subject: String) {
        let removed = KnownIdentity::of(&Identity::new(subject));
        self.expect("a removed account", removed, |it| matches!(it, Reloaded::Gone(_))).await;
    }

    async fn old_epoch(&mut self, identity: Identity, expected: bool) {
        self.report.begin(&rules::EPOCH);
        self.demand(&rules::EPOCH, identity.epoch.is_some() == expected, || {
            format!("the fixture says {expected} to an epoch, the identity has {:?}", identity.epoch)
        });
        let Some(epoch) = &identity.epoch else { return };
        let before = KnownIdentity::of(&identity.clone().with_epoch(format!("{epoch}-before")));
        let reloaded = self.ask_reload(before).await;
        let gone = matches!(reloaded, Some(Ok(Reloaded::Gone(_))));
        self.demand(&rules::EPOCH, gone, || "it is still taken for current".to_owned());
    }

    async fn expect(&mut self, whom: &str, known: KnownIdentity, right: impl Fn(&Reloaded) -> bool) {
        let reloaded = self.ask_reload(known).await;
        let holds = matches!(&reloaded, Some(Ok(reloaded)) if right(reloaded));
        self.demand(&rules::RELOAD, holds, || {
            let found = match &reloaded {
                Some(Ok(Reloaded::Current(_))) => "Current",
                Some(Ok(Reloaded::Gone(_))) => "Gone",
                Some(Ok(Reloaded::Unsupported)) => "Unsupported",
                Some(Ok(_)) => "something new",
                Some(Err(error)) => error.kind(),
                None => "nothing",
            };
            format!("reload of {whom} answered {found}")
        });
    }

    async fn ask_reload(&mut self, known: KnownIdentity) -> Option<Result<Reloaded, BackendError>> {
        let backend = Arc::clone(&self.backend);
        let outcome = run(async move { backend.reload(&call(), &known).await }).await;
        let answered = outcome.answered();
        self.demand(&rules::NO_PANIC, answered.is_some(), || "reload panicked or hung".to_owned());
        answered
    }
}
