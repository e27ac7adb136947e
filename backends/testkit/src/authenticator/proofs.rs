//! Accounts and proofs, right, wrong, missing and hostile.

use dockgate_api::{Answer, Credential, Decision, Identity};

use super::fixture::{Anonymous, CANARY, Unknown};
use super::{Suite, rules};
use crate::hostile::{shown, texts};

fn is_allowed(answer: &Answer<Identity>) -> bool {
    matches!(answer, Ok(Decision::Allow(_)))
}

/// An answer that is no identity, without whatever it may have leaked.
pub(super) fn kind(answer: &Answer<Identity>) -> String {
    match answer {
        Ok(Decision::Allow(identity)) => format!("Allow, as {}", shown(&identity.account)),
        Ok(Decision::Deny(reason)) => format!("Deny ({})", reason.code),
        Ok(Decision::NoMatch) => "NoMatch".to_owned(),
        Err(error) => format!("an error ({})", error.kind()),
    }
}

impl Suite {
    pub(super) async fn right(&mut self) {
        self.fixture.note_unsupported(&mut self.report);
        let known = self.fixture.known.clone();
        self.report.begin(&rules::LINK);
        let Some(answer) = self.ask(&known.account, Credential::password(known.password)).await else {
            return;
        };
        let canonical = self.fixture.canonical.clone();
        let found = kind(&answer);
        let identity = answer.ok().and_then(Decision::allowed);
        let as_canonical =
            identity.as_ref().is_some_and(|it| it.account == canonical && !canonical.is_empty());
        self.demand(&rules::RIGHT, as_canonical, || {
            format!("expected Allow, as \"{canonical}\", got {found}")
        });
        if let Some(identity) = identity {
            self.demand(&rules::LINK, identity.link.is_empty(), || {
                format!("it says {}", shown(&identity.link))
            });
        }
    }

    pub(super) async fn right_again(&mut self) {
        let known = self.fixture.known.clone();
        self.report.begin(&rules::RECOVERS);
        let Some(answer) = self.ask(&known.account, Credential::password(known.password)).await else {
            return;
        };
        self.demand(&rules::RECOVERS, is_allowed(&answer), || format!("got {}", kind(&answer)));
    }

    pub(super) async fn wrong(&mut self) {
        let known = self.fixture.known.clone();
        let nearly = [
            CANARY.to_owned(),
            format!("{} ", known.password),
            format!(" {}", known.password),
            format!("{}x", known.password),
            known.password.chars().skip(1).collect(),
            known.password.chars().take(known.password.chars().count() - 1).collect(),
            known.account.clone(),
        ];
        for (which, wrong) in nearly.into_iter().enumerate().filter(|(_, wrong)| *wrong != known.password) {
            let Some(answer) = self.ask(&known.account, Credential::password(wrong)).await else { continue };
            let refused = matches!(answer, Ok(Decision::Deny(_)));
            self.demand(&rules::WRONG, refused, || format!("wrong password {which} got {}", kind(&answer)));
        }
    }

    pub(super) async fn unknown(&mut self) {
        let unknown = self.fixture.unknown.clone();
        for password in [CANARY.to_owned(), self.fixture.known.password.clone()] {
            let Some(answer) = self.ask(unknown.account(), Credential::password(password)).await else {
                continue;
            };
            let as_said = match (&unknown, &answer) {
                (Unknown::NoMatch(_), Ok(Decision::NoMatch)) | (Unknown::Deny(_), Ok(Decision::Deny(_))) => {
                    true
                }
                (Unknown::NoMatch(_) | Unknown::Deny(_), _) => false,
            };
            self.demand(&rules::UNKNOWN, as_said, || format!("expected {unknown:?}, got {}", kind(&answer)));
        }
    }

    pub(super) async fn empty(&mut self) {
        for account in [self.fixture.known.account.clone(), self.fixture.unknown.account().to_owned()] {
            for (proof, credential) in [("an empty", Credential::password("")), ("no", Credential::None)] {
                let Some(answer) = self.ask(&account, credential).await else { continue };
                self.demand(&rules::EMPTY, !is_allowed(&answer), || {
                    format!("account {} with {proof} password got {}", shown(&account), kind(&answer))
                });
            }
        }
    }

    pub(super) async fn anonymous(&mut self) {
        match self.fixture.anonymous {
            Anonymous::Allowed => {
                let answers = self.backend.answers_without_proof("");
                self.demand(&rules::ANONYMOUS, answers, || "answers_without_proof(\"\") is false".to_owned());
                let Some(answer) = self.ask("", Credential::None).await else { return };
                let found = kind(&answer);
                let identity = answer.ok().and_then(Decision::allowed);
                let nobody = identity.is_some_and(|identity| identity.account.is_empty());
                self.demand(&rules::ANONYMOUS, nobody, || format!("expected Allow, as \"\", got {found}"));
            }
            Anonymous::NotSupported(_) => {
                let right = self.fixture.known.password.clone();
                for credential in [Credential::None, Credential::password(""), Credential::password(right)] {
                    let proof = format!("{credential:?}");
                    let Some(answer) = self.ask("", credential).await else { continue };
                    self.demand(&rules::ANONYMOUS, !is_allowed(&answer), || {
                        format!("account \"\" with {proof} got {}", kind(&answer))
                    });
                }
            }
        }
    }

    pub(super) async fn hostile(&mut self) {
        let known = self.fixture.known.clone();
        let ours = [&known.account, &self.fixture.canonical].map(Clone::clone);
        let mut accounts = texts();
        accounts.extend(["\0", "\n", "\0x", ")", "*"].map(|tail| format!("{}{tail}", known.account)));
        for account in accounts.iter().filter(|account| !ours.contains(account)) {
            for password in [&known.password, CANARY] {
                let Some(answer) = self.ask(account, Credential::password(password)).await else { continue };
                self.demand(&rules::HOSTILE, !is_allowed(&answer), || {
                    format!("account {} got {}", shown(account), kind(&answer))
                });
            }
        }
        let mut passwords = texts();
        passwords.extend(["\0", "\n", "\0x", "*"].map(|tail| format!("{}{tail}", known.password)));
        for password in passwords.iter().filter(|password| **password != known.password) {
            let Some(answer) = self.ask(&known.account, Credential::password(password)).await else {
                continue;
            };
            self.demand(&rules::HOSTILE, !is_allowed(&answer), || {
                format!(
                    "a hostile password, {}, got {}",
                    shown(&password.replace(&known.password, "…")),
                    kind(&answer)
                )
            });
        }
    }

    pub(super) async fn late(&mut self) {
        let known = self.fixture.known.clone();
        self.report.begin(&rules::LATE);
        if let Some(answer) = self.ask_late(&known.account, Credential::password(known.password)).await {
            let fair = is_allowed(&answer) || answer.is_err();
            self.demand(&rules::LATE, fair, || format!("the right password got {}", kind(&answer)));
        }
        if let Some(answer) = self.ask_late(&known.account, Credential::password(CANARY)).await {
            self.demand(&rules::LATE, !is_allowed(&answer), || "a wrong password got Allow".to_owned());
        }
    }
}
