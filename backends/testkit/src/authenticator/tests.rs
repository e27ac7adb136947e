//! One broken authenticator for every rule: a suite that finds nothing proves nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use dockgate_api::secrecy::ExposeSecret;
use dockgate_api::{
    Answer, Authenticator, BackendError, Call, Credential, Decision, Identity, KnownIdentity, Login, Reason,
    ReasonCode, Reloaded, async_trait,
};

use super::*;

const RIGHT: &str = "right-password";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    None,
    RightRefused,
    OtherSpelling,
    WritesLink,
    WrongAllowed,
    WrongNoMatch,
    TrimsPasswords,
    UnknownDenied,
    UnknownAllowed,
    EmptyAllowed,
    MissingAllowed,
    AnonymousRefused,
    AnonymousAllowed,
    AnonymousNotAnswered,
    CutsAccounts,
    CutsPasswords,
    ExpandsStars,
    PanicsOnLong,
    LeaksInDetail,
    LeaksInError,
    LateRefusal,
    LateHang,
    LosesCount,
    ReloadsNobody,
    ReloadsEverybody,
    DeniesReload,
    PromisesReload,
    OldEpochs,
    ForetellsOthers,
    Breaks,
}

struct Model {
    flaw: Flaw,
    inside: AtomicUsize,
    broken: AtomicBool,
}

impl Model {
    fn with(flaw: Flaw) -> Arc<dyn Authenticator> {
        Arc::new(Self { flaw, inside: AtomicUsize::new(0), broken: AtomicBool::new(false) })
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn allow(&self) -> Decision<Identity> {
        let account = if self.is(Flaw::OtherSpelling) { "ALICE" } else { "alice" };
        let mut identity = Identity::new(account).with_epoch("1");
        if self.is(Flaw::WritesLink) {
            identity.link = "mine".into();
        }
        Decision::Allow(identity)
    }

    fn anonymous(&self, login: &Login) -> Decision<Identity> {
        match self.flaw {
            Flaw::AnonymousRefused => Decision::NoMatch,
            _ if login.account.is_empty() && !login.has_proof() => Decision::Allow(Identity::new("")),
            Flaw::AnonymousAllowed => Decision::Allow(Identity::new("")),
            _ => Decision::NoMatch,
        }
    }

    fn decide(&self, login: &Login, late: bool) -> Answer<Identity> {
        let mut account = login.account.as_str();
        let mut password = match &login.credential {
            Credential::Password(password) => password.expose_secret(),
            _ if self.is(Flaw::MissingAllowed) => return Ok(self.allow()),
            _ => "",
        };
        if self.is(Flaw::CutsAccounts) {
            account = account.split('\0').next().unwrap();
        }
        if self.is(Flaw::CutsPasswords) {
            password = password.split('\0').next().unwrap();
        }
        if self.is(Flaw::TrimsPasswords) {
            password = password.trim();
        }
        if self.is(Flaw::PanicsOnLong) {
            assert!(account.len() < 60_000, "too long");
        }
        if self.is(Flaw::Breaks) && password.len() > 60_000 {
            self.broken.store(true, Ordering::SeqCst);
        }
        if self.broken.load(Ordering::SeqCst) {
            return Err(BackendError::Unavailable("broken for good".to_owned()));
        }
        let right = password == RIGHT && !self.is(Flaw::RightRefused);
        match account {
            "" => Ok(self.anonymous(login)),
            "*" if right && self.is(Flaw::ExpandsStars) => Ok(self.allow()),
            "alice" if right && late && self.is(Flaw::LateRefusal) => {
                Ok(Decision::Deny(Reason::bad_credentials("too late")))
            }
            "alice" if right => Ok(self.allow()),
            "alice" => match self.flaw {
                Flaw::WrongAllowed if !password.is_empty() => Ok(self.allow()),
                Flaw::EmptyAllowed if password.is_empty() => Ok(self.allow()),
                Flaw::WrongNoMatch => Ok(Decision::NoMatch),
                Flaw::LeaksInDetail => Ok(Decision::Deny(Reason::bad_credentials(format!("not {password}")))),
                Flaw::LeaksInError => Err(BackendError::Protocol(format!("what is {password}?"))),
                _ => Ok(Decision::Deny(Reason::bad_credentials("wrong"))),
            },
            "mallory" if self.is(Flaw::UnknownDenied) => Ok(Decision::Deny(Reason::bad_credentials("?"))),
            "mallory" if self.is(Flaw::UnknownAllowed) => Ok(self.allow()),
            _ => Ok(Decision::NoMatch),
        }
    }
}

#[async_trait]
impl Authenticator for Model {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        let late = cx.remaining().is_zero();
        if late && self.is(Flaw::LateHang) {
            std::future::pending::<()>().await;
        }
        let inside = self.inside.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.inside.fetch_sub(1, Ordering::SeqCst);
        if inside > 10 && self.is(Flaw::LosesCount) {
            return Ok(self.allow());
        }
        self.decide(login, late)
    }

    fn answers_without_proof(&self, _: &str) -> bool {
        !self.is(Flaw::AnonymousNotAnswered)
    }

    fn can_reload(&self) -> bool {
        !self.is(Flaw::DeniesReload)
    }

    async fn reload(&self, _cx: &Call, known: &KnownIdentity) -> Result<Reloaded, BackendError> {
        let gone = Ok(Reloaded::Gone(Reason::new(ReasonCode::Removed, "")));
        if self.is(Flaw::PromisesReload) {
            return Ok(Reloaded::Unsupported);
        }
        if self.is(Flaw::ReloadsNobody) {
            return gone;
        }
        let current =
            known.subject == "alice" && (known.epoch.as_deref() == Some("1") || self.is(Flaw::OldEpochs));
        if current || self.is(Flaw::ReloadsEverybody) {
            return Ok(Reloaded::Current(Identity::new("alice").with_epoch("1")));
        }
        gone
    }

    async fn preview(&self, _cx: &Call, account: &str) -> Option<Answer<Identity>> {
        let known = account == "alice" || self.is(Flaw::ForetellsOthers);
        Some(Ok(if known { self.allow() } else { Decision::NoMatch }))
    }
}

fn fixture() -> Fixture {
    Fixture {
        known: Person::new("alice", RIGHT),
        canonical: "alice".to_owned(),
        unknown: Unknown::NoMatch("mallory".to_owned()),
        anonymous: Anonymous::Allowed,
        reload: Reload::Supported { removed: "removed".to_owned(), epoch: true },
    }
}

#[tokio::test(start_paused = true)]
async fn a_good_authenticator_passes_every_rule() {
    let report = conformance(Model::with(Flaw::None), fixture()).await;
    for rule in rules::ALL {
        assert!(report.ran(&rule), "{rule}");
    }
    assert!(report.unsupported.is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_flaw_is_found() {
    let table = [
        (Flaw::RightRefused, rules::RIGHT),
        (Flaw::OtherSpelling, rules::RIGHT),
        (Flaw::WritesLink, rules::LINK),
        (Flaw::WrongAllowed, rules::WRONG),
        (Flaw::WrongNoMatch, rules::WRONG),
        (Flaw::TrimsPasswords, rules::WRONG),
        (Flaw::UnknownDenied, rules::UNKNOWN),
        (Flaw::UnknownAllowed, rules::UNKNOWN),
        (Flaw::EmptyAllowed, rules::EMPTY),
        (Flaw::MissingAllowed, rules::EMPTY),
        (Flaw::AnonymousRefused, rules::ANONYMOUS),
        (Flaw::AnonymousNotAnswered, rules::ANONYMOUS),
        (Flaw::CutsAccounts, rules::HOSTILE),
        (Flaw::CutsPasswords, rules::HOSTILE),
        (Flaw::ExpandsStars, rules::HOSTILE),
        (Flaw::PanicsOnLong, rules::NO_PANIC),
        (Flaw::LeaksInDetail, rules::NO_LEAK),
        (Flaw::LeaksInError, rules::NO_LEAK),
        (Flaw::LateRefusal, rules::LATE),
        (Flaw::LateHang, rules::PROMPT),
        (Flaw::LosesCount, rules::CONCURRENT),
        (Flaw::ReloadsNobody, rules::RELOAD),
        (Flaw::ReloadsEverybody, rules::RELOAD),
        (Flaw::DeniesReload, rules::RELOAD),
        (Flaw::PromisesReload, rules::RELOAD),
        (Flaw::OldEpochs, rules::EPOCH),
        (Flaw::ForetellsOthers, rules::PREVIEW),
        (Flaw::Breaks, rules::RECOVERS),
    ];
    for (flaw, rule) in table {
        let report = check(Model::with(flaw), fixture()).await;
        assert!(report.is_broken(&rule), "{flaw:?} must break `{}`: {:?}", rule.name, report.broken);
    }
    for rule in rules::ALL {
        assert!(table.iter().any(|(_, broken)| *broken == rule), "no flaw breaks `{}`", rule.name);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_supported_is_said_and_still_watched() {
    let without = || Fixture {
        anonymous: Anonymous::NotSupported("only people"),
        reload: Reload::NotSupported("asks for the password"),
        ..fixture()
    };
    let report = check(Model::with(Flaw::AnonymousAllowed), without()).await;
    assert!(report.is_broken(&rules::ANONYMOUS) && report.is_broken(&rules::RELOAD));
    assert_eq!(report.unsupported, ["anonymous: only people", "reload: asks for the password"]);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "wrong password: a known account with a wrong password is Deny")]
async fn a_broken_rule_panics_with_its_demand() {
    conformance(Model::with(Flaw::WrongAllowed), fixture()).await;
}

#[tokio::test(start_paused = true)]
async fn the_report_does_not_repeat_the_leak() {
    let report = check(Model::with(Flaw::LeaksInDetail), fixture()).await;
    let text = format!("{report:?}");
    assert!(!text.contains(RIGHT) && !text.contains(fixture::CANARY), "{text}");
}

#[tokio::test]
#[should_panic(expected = "a shorter one may occur in an answer by chance")]
async fn a_fixture_that_proves_nothing_is_refused() {
    check(Model::with(Flaw::None), Fixture { known: Person::new("alice", "123"), ..fixture() }).await;
}
