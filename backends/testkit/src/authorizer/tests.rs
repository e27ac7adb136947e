//! One broken authorizer for every rule: a suite that finds nothing proves nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use dockgate_api::{
    AccessRequest, Actions, Answer, Authorizer, BackendError, Because, Call, Decision, Granted, Identity,
    Reason, ReasonCode, Resource, async_trait,
};

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    None,
    GrantsLess,
    GrantsAll,
    GrantsTheDenied,
    FailsTheDenied,
    DecidesEverything,
    FailsOnNothing,
    NoBecause,
    PanicsOnNul,
    TrustsLabels,
    LateHang,
    LateRefusal,
    Alternates,
    LosesCount,
    Breaks,
}

/// alice may pull her own, bob is refused, nobody else is known.
struct Model {
    flaw: Flaw,
    inside: AtomicUsize,
    asked: AtomicUsize,
    broken: AtomicBool,
}

impl Model {
    fn with(flaw: Flaw) -> Arc<dyn Authorizer> {
        let (inside, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { flaw, inside, asked, broken: AtomicBool::new(false) })
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands where answers are wanted")]
    fn grant(&self, actions: &[&str]) -> Answer<Granted> {
        let place = if self.flaw == Flaw::NoBecause { "" } else { "rule 1" };
        Ok(Decision::Allow(Granted::new(Actions::from_rule(actions.iter().copied()), Because::at(place))))
    }

    fn decide(&self, request: &AccessRequest<'_>, late: bool) -> Answer<Granted> {
        let flaw = self.flaw;
        let name = request.resource.name.as_str();
        let refused = Ok(Decision::Deny(Reason::new(ReasonCode::Forbidden, "no")));
        if flaw == Flaw::PanicsOnNul {
            assert!(!name.contains('\0'), "NUL");
        }
        if flaw == Flaw::Breaks && name.len() > 60_000 {
            self.broken.store(true, Ordering::SeqCst);
        }
        if self.broken.load(Ordering::SeqCst) || (flaw == Flaw::FailsOnNothing && request.actions.is_empty())
        {
            return Err(BackendError::Protocol("?".to_owned()));
        }
        if late && flaw == Flaw::LateRefusal {
            return refused;
        }
        if flaw == Flaw::Alternates && name == "*" && self.asked.load(Ordering::SeqCst).is_multiple_of(2) {
            return self.grant(&["pull"]);
        }
        match (request.identity.account.as_str(), name) {
            ("alice", "alice/app") => match flaw {
                Flaw::GrantsLess => self.grant(&[]),
                Flaw::GrantsAll => self.grant(&["*"]),
                _ => self.grant(&["pull"]),
            },
            ("bob", _) => match flaw {
                Flaw::GrantsTheDenied => self.grant(&["*"]),
                Flaw::FailsTheDenied => Err(BackendError::Unavailable("?".to_owned())),
                Flaw::TrustsLabels if !request.identity.labels.values("*").is_empty() => self.grant(&["*"]),
                _ => refused,
            },
            _ if flaw == Flaw::DecidesEverything => refused,
            _ => Ok(Decision::NoMatch),
        }
    }
}

#[async_trait]
impl Authorizer for Model {
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        let late = cx.remaining().is_zero();
        if late && self.flaw == Flaw::LateHang {
            std::future::pending::<()>().await;
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        let inside = self.inside.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.inside.fetch_sub(1, Ordering::SeqCst);
        if inside > 10 && self.flaw == Flaw::LosesCount {
            return self.grant(&["*"]);
        }
        self.decide(request, late)
    }
}

fn case(account: &str, name: &str) -> Case {
    Case::new(Identity::new(account), Resource::repository(name), &["pull", "push"])
}

fn fixture() -> Fixture {
    Fixture {
        allowed: Allowed::new(case("alice", "alice/app"), &["pull"]),
        denied: case("bob", "alice/app"),
        not_mine: NotMine::Request(Box::new(case("carol", "alice/app"))),
    }
}

#[tokio::test(start_paused = true)]
async fn a_good_authorizer_passes_every_rule() {
    let report = conformance(Model::with(Flaw::None), fixture()).await;
    for rule in rules::ALL {
        assert!(report.ran(&rule), "{rule}");
    }
    assert!(report.unsupported.is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_flaw_is_found() {
    let table = [
        (Flaw::GrantsLess, rules::ALLOWED),
        (Flaw::GrantsAll, rules::ALLOWED),
        (Flaw::GrantsTheDenied, rules::DENIED),
        (Flaw::FailsTheDenied, rules::DENIED),
        (Flaw::DecidesEverything, rules::NOT_MINE),
        (Flaw::FailsOnNothing, rules::NOTHING_ASKED),
        (Flaw::NoBecause, rules::BECAUSE),
        (Flaw::PanicsOnNul, rules::NO_PANIC),
        (Flaw::TrustsLabels, rules::HOSTILE),
        (Flaw::LateHang, rules::PROMPT),
        (Flaw::LateRefusal, rules::LATE),
        (Flaw::Alternates, rules::DETERMINISTIC),
        (Flaw::LosesCount, rules::CONCURRENT),
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
async fn deciding_everything_is_said() {
    let not_mine = NotMine::DecidesEverything("asks a program that knows everybody");
    let report = check(Model::with(Flaw::DecidesEverything), Fixture { not_mine, ..fixture() }).await;
    assert_eq!(report.unsupported, ["no match: asks a program that knows everybody"]);
    assert!(report.broken.is_empty(), "{:?}", report.broken);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "denied request: a denied request is granted nothing")]
async fn a_broken_rule_panics_with_its_demand() {
    conformance(Model::with(Flaw::GrantsTheDenied), fixture()).await;
}

#[tokio::test]
#[should_panic(expected = "must be granted something")]
async fn a_fixture_that_proves_nothing_is_refused() {
    let allowed = Allowed::new(case("alice", "alice/app"), &[]);
    check(Model::with(Flaw::None), Fixture { allowed, ..fixture() }).await;
}
