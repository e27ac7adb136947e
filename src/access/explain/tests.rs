use std::time::Duration;

use dockgate_api::config::Moment;
use dockgate_api::{
    AccessRequest, ActionSet, Actions, Answer, Authenticator, Authorizer, BackendError, Because,
    ConditionNote, Decision, Granted, LabelValues, Login, Reason, ReasonCode, Restriction, RuleNote,
    RuleRole, ScopeLimit, async_trait,
};
use dockgate_testkit::fakes::{self, World};

use super::*;
use crate::access::Bounds;
use crate::access::explanation::ExplainedRule;
use crate::chain::{Chain, Link};
use crate::config::links::OnError;
use crate::logging::Log;
use crate::scope::RequestedScopes;

type Says = fn(&str) -> Answer<Identity>;

/// Knows everybody as it is told to, with a proof and without.
struct Known(fn(&str) -> Answer<Identity>);

#[async_trait]
impl Authenticator for Known {
    async fn authenticate(&self, _: &Call, login: &Login) -> Answer<Identity> {
        (self.0)(&login.account)
    }

    fn answers_without_proof(&self, account: &str) -> bool {
        account.is_empty()
    }

    async fn preview(&self, _: &Call, account: &str) -> Option<Answer<Identity>> {
        (account != "untold").then(|| (self.0)(account))
    }
}

struct Rule(fn(&ActionSet) -> Answer<Granted>);

#[async_trait]
impl Authorizer for Rule {
    async fn authorize(&self, _: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        (self.0)(request.actions)
    }
}

fn link<B: ?Sized>(backend: Arc<B>) -> Chain<B> {
    let values = LabelValues::Literal;
    Chain::new(vec![Link {
        name: "only".into(),
        backend,
        on_error: OnError::Fail,
        timeout: None,
        accounts: None,
        values,
    }])
}

fn access(known: fn(&str) -> Answer<Identity>, rule: fn(&ActionSet) -> Answer<Granted>) -> Access {
    let world = World::new();
    let options = dockgate_passwords::PoolOptions::default();
    let pool = dockgate_passwords::Pool::new(options, world.random.as_ref(), world.metrics.as_ref()).unwrap();
    let services = Some(["listed".to_owned()].into());
    Access::new(
        link(Arc::new(Known(known)) as _),
        link(Arc::new(Rule(rule)) as _),
        Arc::new(dockgate_passwords::PasswordService::new(&pool)),
        Bounds { name: 256, secret: 8192 },
        services,
        Log::new(world.clock.clone(), world.metrics.as_ref()),
    )
}

fn inquiry(account: &str, service: &str, scopes: &[&str]) -> Inquiry {
    let scopes = RequestedScopes::parse(scopes.iter().copied(), 100).unwrap();
    let login = Login::new(account, Credential::None).for_service(service);
    Inquiry {
        question: Question { login, scopes, standing: crate::lockout::Standing::default() },
        proof: Proof::Assumed,
    }
}

async fn explain(access: &Access, inquiry: &Inquiry) -> Explained {
    let deadline = Instant::now() + Duration::from_secs(60);
    let occasion = Occasion { now: fakes::noon(), deadline, request_id: RequestId::from_bits(1) };
    access.explain(occasion, inquiry).await.unwrap()
}

fn everyone(account: &str) -> Answer<Identity> {
    Ok(Decision::Allow(Identity::new(account)))
}

fn pull(_: &ActionSet) -> Answer<Granted> {
    let actions = Actions::from_rule(["pull"]);
    Ok(Decision::Allow(Granted::new(actions, Because::at("a.yml:3").with_comment(Some("readers".into())))))
}

const SCOPE: &str = "repository:a:pull,push";

#[tokio::test]
async fn what_is_refused_is_told_as_it_is_answered() {
    let table: [(Says, &str, &str, Option<u16>, &str); 7] = [
        (everyone, "alice", "other", Some(400), "unknown_service"),
        (everyone, "a\nb", "listed", Some(400), "malformed"),
        (|_| Ok(Decision::NoMatch), "alice", "listed", Some(401), "unknown_account"),
        (
            |_| Ok(Decision::Deny(Reason::new(ReasonCode::Disabled, "off"))),
            "alice",
            "listed",
            Some(401),
            "disabled",
        ),
        (
            |account| Ok(Decision::Allow(Identity::new(account).with_expires_at(Some(fakes::noon())))),
            "alice",
            "listed",
            Some(401),
            "expired",
        ),
        (|_| Err(BackendError::Timeout("slow".to_owned())), "alice", "listed", Some(503), "unavailable"),
        (everyone, "untold", "listed", None, "unknown"),
    ];
    for (known, account, service, status, code) in table {
        let told = explain(&access(known, pull), &inquiry(account, service, &[SCOPE])).await.explanation;
        let refused = told.refused.unwrap();
        assert_eq!((told.status, refused.code.as_str()), (status, code), "{account:?} {service}");
        assert_ne!(told.outcome, Outcome::Granted, "{code}");
        assert!(told.scopes.is_empty(), "{code}");
        assert!(!told.asked.account.contains('\n'));
    }
}

#[tokio::test]
async fn what_is_granted_names_its_rule_and_what_a_restriction_takes() {
    let restricted = |account: &str| {
        let limit = ScopeLimit::new("repository", "a", Actions::from_rule(["push"]));
        Ok(Decision::Allow(Identity::new(account).restricted_to(Restriction::to(vec![limit]))))
    };
    let told = explain(&access(everyone, pull), &inquiry("alice", "listed", &[SCOPE])).await.explanation;
    let scope = &told.scopes[0];
    assert_eq!((told.outcome, told.status), (Outcome::Refused, Some(200)));
    assert_eq!((&*scope.granted, &*scope.missing), (&["pull".to_owned()][..], &["push".to_owned()][..]));
    let decided = &scope.decided;
    assert_eq!((decided.by.as_ref(), decided.because.as_deref()), ("rule", Some("a.yml:3")));
    assert_eq!(decided.comment.as_deref(), Some("readers"));

    let told = explain(&access(restricted, pull), &inquiry("alice", "listed", &[SCOPE])).await.explanation;
    let scope = &told.scopes[0];
    assert_eq!((scope.granted.len(), &*scope.restricted), (0, &["pull".to_owned()][..]));
    assert_eq!(told.identity.known.unwrap().restrictions, [["repository:a:push"]]);
}

#[tokio::test]
async fn labels_and_links_can_be_given() {
    let access = access(|_| panic!("asked"), pull);
    let mut inquiry = inquiry("alice", "listed", &[SCOPE]);
    let labels = vec![("team".to_owned(), "web".to_owned()), ("team".to_owned(), "ops".to_owned())];
    inquiry.proof = Proof::Given { link: None, labels };
    let known = explain(&access, &inquiry).await.explanation.identity.known.unwrap();
    assert_eq!(
        (known.link.as_str(), &known.labels["team"]),
        ("only", &vec!["web".to_owned(), "ops".to_owned()])
    );
    assert_eq!(known.label_values, "literal");
    inquiry.proof = Proof::Given { link: Some("other".to_owned()), labels: Vec::new() };
    let deadline = Instant::now() + Duration::from_secs(60);
    let occasion = Occasion { now: fakes::noon(), deadline, request_id: RequestId::from_bits(1) };
    let refused = access.explain(occasion, &inquiry).await.err().unwrap();
    assert!(refused.ends_with("there are only"), "{refused}");
}

#[test]
fn what_is_shown_is_bounded_and_harmless() {
    let hostile = format!("a\u{1b}[31m\u{202e}{}", "x".repeat(10_000));
    let safe = shown(&hostile);
    assert!(safe.starts_with("a\\u{1b}[31m\\u{202e}xxx") && safe.len() < 400, "{safe}");
    assert!(safe.ends_with("… (10007 characters)"), "{safe}");
    assert_eq!(rfc3339("2026-12-31".parse::<Moment>().unwrap().0), "2026-12-31T00:00:00Z");
    let condition = ConditionNote::new("name", &hostile, None, Some(false));
    let rule =
        RuleNote::new(Because::at("a"), RuleRole::Close, Actions::All).with_conditions(vec![condition]);
    assert_eq!(ExplainedRule::of("acl", &rule).conditions[0].pattern, safe);
}
