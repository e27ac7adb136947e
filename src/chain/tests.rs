use std::sync::Mutex;

use dockgate_api::{
    AccessRequest, ActionSet, Actions, Authenticator, Authorizer, Because, Credential, Granted, Identity,
    KnownIdentity, LabelValue, Labels, Login, Reason, Reloaded, Resource, async_trait,
};
use dockgate_rules::DoubleStar;
use dockgate_testkit::fakes;

use super::*;
use crate::metrics::MemoryMetrics;

/// Answers what it was told to, after a while, and counts how often it was asked.
struct Fixed<T> {
    answer: Answer<T>,
    takes: Duration,
    anonymous: bool,
    asked: Mutex<usize>,
}

impl<T: Clone + Send + Sync + 'static> Fixed<T> {
    fn new(answer: Answer<T>) -> Self {
        Self { answer, takes: Duration::ZERO, anonymous: false, asked: Mutex::new(0) }
    }

    async fn answer(&self) -> Answer<T> {
        *self.asked.lock().unwrap() += 1;
        tokio::time::sleep(self.takes).await;
        self.answer.clone()
    }
}

#[async_trait]
impl Authenticator for Fixed<Identity> {
    async fn authenticate(&self, _: &Call, _: &Login) -> Answer<Identity> {
        self.answer().await
    }

    fn answers_without_proof(&self, _: &str) -> bool {
        self.anonymous
    }
}

#[async_trait]
impl Authorizer for Fixed<Granted> {
    async fn authorize(&self, _: &Call, _: &AccessRequest<'_>) -> Answer<Granted> {
        self.answer().await
    }
}

fn link<B: ?Sized>(name: &str, backend: Arc<B>) -> Link<B> {
    Link {
        name: name.into(),
        backend,
        on_error: OnError::Fail,
        timeout: None,
        accounts: None,
        values: LabelValues::Literal,
    }
}

fn authn(name: &str, answer: Answer<Identity>) -> Link<dyn Authenticator> {
    link(name, Arc::new(Fixed::new(answer)))
}

fn authz(name: &str, answer: Answer<Granted>) -> Link<dyn Authorizer> {
    link(name, Arc::new(Fixed::new(answer)))
}

fn allow() -> Answer<Identity> {
    Ok(Decision::Allow(Identity::new("alice")))
}

fn deny() -> Answer<Identity> {
    Ok(Decision::Deny(Reason::bad_credentials("no")))
}

fn no_match<T>() -> Answer<T> {
    Ok(Decision::NoMatch)
}

fn down<T>() -> Answer<T> {
    Err(BackendError::Unavailable("down".to_owned()))
}

fn overloaded<T>() -> Answer<T> {
    Err(BackendError::Overloaded { detail: "full".to_owned(), retry_after: Duration::from_secs(1) })
}

fn alice() -> Login {
    Login::new("alice", Credential::password("secret"))
}

/// What a chain says, in a word, and who said it.
async fn verdict(links: Vec<Link<dyn Authenticator>>, login: &Login) -> String {
    match Chain::new(links).identify(&fakes::call(), login).await {
        Err(failed) => format!("{} is {}", failed.link, failed.error.kind()),
        Ok(Verdict { decision, decided_by }) => {
            let who = decided_by.as_deref().unwrap_or("nobody").to_owned();
            match decision {
                Decision::Allow(identity) => format!("{who} allows {}@{}", identity.account, identity.link),
                Decision::Deny(_) => format!("{who} denies"),
                Decision::NoMatch => format!("{who} decides"),
            }
        }
    }
}

#[tokio::test]
async fn the_first_link_that_decides_ends_the_chain() {
    for (first, second, said) in [
        (no_match(), allow(), "b allows alice@b"),
        (allow(), deny(), "a allows alice@a"),
        (deny(), allow(), "a denies"),
        (no_match(), no_match(), "nobody decides"),
        (down(), allow(), "a is unavailable"),
        (no_match(), down(), "b is unavailable"),
    ] {
        assert_eq!(verdict(vec![authn("a", first), authn("b", second)], &alice()).await, said);
    }
    assert_eq!(verdict(vec![], &alice()).await, "nobody decides");
}

#[tokio::test]
async fn after_an_error_only_consent_counts() {
    for (first, second, said) in [
        (down(), allow(), "b allows alice@b"),
        (down(), deny(), "a is unavailable"),
        (down(), no_match(), "a is unavailable"),
        (down(), down(), "a is unavailable"),
        (overloaded(), allow(), "a is overloaded"),
    ] {
        let mut first = authn("a", first);
        first.on_error = OnError::Next;
        assert_eq!(verdict(vec![first, authn("b", second)], &alice()).await, said);
    }
}

#[tokio::test]
async fn a_link_with_accounts_owns_them() {
    let owner = |answer| {
        let mut owner = authn("owner", answer);
        owner.accounts = Some(Pattern::parse("*@corp", DoubleStar::CrossesSlash).unwrap());
        owner
    };
    for (account, answer, said) in [
        ("alice@corp", no_match(), "nobody decides"),
        ("alice@corp", deny(), "owner denies"),
        ("alice@lab", deny(), "other allows alice@other"),
    ] {
        let login = Login::new(account, Credential::password("secret"));
        let above = vec![owner(answer.clone()), authn("other", allow())];
        assert_eq!(verdict(above, &login).await, said, "{account}");
        let below = vec![authn("other", allow()), owner(answer)];
        assert_eq!(verdict(below, &login).await, said, "{account}");
    }
}

#[tokio::test]
async fn nobody_becomes_an_account_of_another_link() {
    let mut owner = authn("owner", no_match());
    owner.accounts = Some(Pattern::parse("alice", DoubleStar::CrossesSlash).unwrap());
    // The other link compares without case and answers with the spelling that the first one owns.
    let login = Login::new("Alice", Credential::password("secret"));
    assert_eq!(verdict(vec![owner, authn("other", allow())], &login).await, "other denies");
}

#[tokio::test]
async fn an_empty_password_reaches_nobody_who_did_not_offer() {
    let login = Login::new("alice", Credential::password(""));
    assert_eq!(verdict(vec![authn("a", allow())], &login).await, "nobody decides");
}

#[tokio::test]
async fn nobody_is_asked_for_the_anonymous_account_who_did_not_offer() {
    let offers = Fixed { anonymous: true, ..Fixed::new(allow()) };
    let links = vec![authn("a", deny()), link("b", Arc::new(offers) as _)];
    assert_eq!(verdict(links, &Login::new("", Credential::None)).await, "b allows alice@b");
}

#[tokio::test]
async fn a_link_has_a_deadline() {
    let slow = Fixed { takes: Duration::from_secs(3600), ..Fixed::new(allow()) };
    let mut slow: Link<dyn Authenticator> = link("slow", Arc::new(slow));
    slow.timeout = Some(Duration::from_millis(20));
    assert_eq!(verdict(vec![slow, authn("b", allow())], &alice()).await, "slow is timeout");
}

#[tokio::test]
async fn a_link_decides_whether_label_values_act_as_patterns() {
    let mut labels = Labels::new();
    labels.add("team", LabelValue::Pattern("a*".to_owned()));
    labels.add("team", LabelValue::Literal("b*".to_owned()));
    let identity = Identity::new("alice").with_labels(labels);
    for (values, kinds) in [(LabelValues::Literal, "LL"), (LabelValues::Pattern, "PP")] {
        let mut only = authn("a", Ok(Decision::Allow(identity.clone())));
        only.values = values;
        let verdict = Chain::new(vec![only]).identify(&fakes::call(), &alice()).await.unwrap();
        let identity = verdict.decision.allowed().unwrap();
        let found: String = identity
            .labels
            .values("team")
            .iter()
            .map(|value| if matches!(value, LabelValue::Pattern(_)) { 'P' } else { 'L' })
            .collect();
        assert_eq!(found, kinds);
    }
}

#[tokio::test]
async fn only_its_own_link_reloads_an_identity() {
    let chain = Chain::new(vec![authn("a", allow())]);
    let known = KnownIdentity::of(&Identity::new("alice"));
    let same = chain.reload_identity(&fakes::call(), "a", &known).await.unwrap();
    assert_eq!(same, Reloaded::Unsupported);
    let gone = chain.reload_identity(&fakes::call(), "b", &known).await.unwrap();
    assert!(matches!(gone, Reloaded::Gone(_)));
}

async fn granted(links: Vec<Link<dyn Authorizer>>, asked: &[&str]) -> String {
    let (identity, resource) = (Identity::new("alice"), Resource::repository("app"));
    let asked: ActionSet = asked.iter().copied().collect();
    let request = AccessRequest::new(&identity, "registry", &resource, &asked);
    match Chain::new(links).grant(&fakes::call(), &request).await {
        Err(failed) => format!("{} is {}", failed.link, failed.error.kind()),
        Ok(Verdict { decision: Decision::Allow(granted), decided_by }) => {
            let Actions::Only(actions) = granted.actions else { panic!("not cut down to what was asked") };
            format!("{} grants {actions}", decided_by.unwrap())
        }
        Ok(verdict) => format!("{:?}", verdict.decision),
    }
}

fn rule(actions: &[&str]) -> Answer<Granted> {
    Ok(Decision::Allow(Granted::new(Actions::from_rule(actions.iter().copied()), Because::at("rule"))))
}

#[tokio::test]
async fn never_more_is_granted_than_was_asked() {
    for (actions, said) in
        [(&["*"][..], "a grants pull"), (&["pull", "push"], "a grants pull"), (&[], "a grants ")]
    {
        assert_eq!(granted(vec![authz("a", rule(actions)), authz("b", rule(&["*"]))], &["pull"]).await, said);
    }
    assert_eq!(
        granted(vec![authz("a", no_match()), authz("b", rule(&["*"]))], &["pull"]).await,
        "b grants pull"
    );
}

#[tokio::test]
async fn authorization_fails_closed() {
    assert_eq!(
        granted(vec![authz("a", down()), authz("b", rule(&["*"]))], &["pull"]).await,
        "a is unavailable"
    );
}

/// What is only explained lets nobody in, and counts nowhere.
#[tokio::test]
async fn a_call_that_is_traced_is_not_counted() {
    struct Nobody;
    impl dockgate_api::TraceSink for Nobody {
        fn note(&self, _: dockgate_api::Step) {}
    }
    let metrics = MemoryMetrics::default();
    let chain = Chain::new(vec![authn("only", allow())]).counted(ChainKind::Authn, &metrics);
    let call = fakes::call();
    let traced = Call::traced(call.now(), call.deadline(), call.request_id(), Box::new(Nobody));
    let _ = chain.identify(&traced, &alice()).await.unwrap();
    let chain = Chain::new(vec![authz("rules", overloaded())]).counted(ChainKind::Authz, &metrics);
    let (identity, resource) = (Identity::new("alice"), Resource::repository("a"));
    let actions = ["pull"].into_iter().collect();
    let request = AccessRequest::new(&identity, "s", &resource, &actions);
    let _ = chain.grant(&traced, &request).await.unwrap_err();
    let text = metrics.text();
    let counted = text.lines().filter(|line| line.starts_with("dockgate_decision") && !line.ends_with(" 0"));
    assert_eq!(counted.collect::<Vec<_>>(), Vec::<&str>::new());
}

/// Every link is counted under its own name, also the one that could not answer.
#[tokio::test]
async fn what_links_answer_is_counted() {
    let metrics = MemoryMetrics::default();
    let links = vec![authn("first", no_match()), authn("second", allow()), authn("third", allow())];
    let chain = Chain::new(links).counted(ChainKind::Authn, &metrics);
    for _ in 0..2 {
        let _ = chain.identify(&fakes::call(), &alice()).await.unwrap();
    }
    let chain = Chain::new(vec![authz("rules", overloaded())]).counted(ChainKind::Authz, &metrics);
    let (identity, resource) = (Identity::new("alice"), Resource::repository("a"));
    let actions = ["pull"].into_iter().collect();
    let request = AccessRequest::new(&identity, "s", &resource, &actions);
    let _ = chain.grant(&fakes::call(), &request).await.unwrap_err();
    let text = metrics.text();
    for (chain, link, outcome, count) in [
        ("authn", "first", "no_match", 2),
        ("authn", "first", "allow", 0),
        ("authn", "second", "allow", 2),
        ("authn", "third", "allow", 0),
        ("authz", "rules", "overloaded", 1),
        ("authz", "rules", "error", 0),
    ] {
        let labels = format!("{{chain=\"{chain}\",link=\"{link}\",outcome=\"{outcome}\"}}");
        let line = format!("dockgate_decisions_total{labels} {count}\n");
        assert!(text.contains(&line), "{line}{text}");
    }
    let took = "dockgate_decision_duration_seconds_count{chain=\"authn\",link=\"second\"} 2\n";
    assert!(text.contains(took), "{text}");
}
