use std::sync::Mutex;
use std::time::{Instant, SystemTime};

use dockgate_api::config::{Entry, Key, KeyPath, Location, Node, Value};
use dockgate_api::{
    ActionSet, Decision, Identity, LabelValue, Registry, RequestId, Resource, RuleNote, Step, TraceSink,
};
use dockgate_testkit::authorizer::{Allowed, Case, Fixture, NotMine, conformance, rules};
use dockgate_testkit::fakes::{build_context, call};
use serde_json::{Value as Json, json};

use super::*;

/// A section as a file would give it: every rule three lines below the one before, its parts on the line after.
fn node(value: &Json, line: u32) -> Node {
    let location = Location::new("auth.yml", line, 5);
    let value = match value {
        Json::Null => Value::Scalar { text: "".into(), quoted: false },
        Json::String(text) => return Node::text(location, text.as_str()),
        Json::Array(items) => {
            Value::Sequence(items.iter().zip(0..).map(|(item, place)| node(item, line + 3 * place)).collect())
        }
        Json::Object(entries) => {
            let entry = |(key, value): (&String, &Json)| Entry {
                key: Key { text: key.as_str().into(), location: location.clone() },
                value: node(value, line + 1),
            };
            Value::Mapping(entries.iter().map(entry).collect())
        }
        Json::Bool(_) | Json::Number(_) => Value::Scalar { text: value.to_string().into(), quoted: false },
    };
    Node { location, value }
}

struct Built {
    acl: Result<Arc<dyn Authorizer>, Vec<String>>,
    warnings: Vec<String>,
}

fn build_in(dialect: Dialect, section: &Json) -> Built {
    let cx = build_context().for_link("acl", dialect);
    let mut registry: Registry<dyn Authorizer> = Registry::new();
    registry.register::<AclConfig>("acl").unwrap();
    let section = node(section, 10);
    let key = Key { text: "acl".into(), location: section.location.clone() };
    let acl = registry.build(&key, &section, &KeyPath::root().key("acl"), &cx);
    let acl = acl.map_err(|problems| problems.iter().map(ToString::to_string).collect());
    let warnings = cx.take_warnings(&section, &KeyPath::root().key("acl"));
    Built { acl, warnings: warnings.iter().map(ToString::to_string).collect() }
}

fn build(section: &Json) -> Arc<dyn Authorizer> {
    build_in(Dialect::DockerAuth, section).acl.unwrap()
}

fn problems(section: &Json) -> Vec<String> {
    build_in(Dialect::DockerAuth, section).acl.err().unwrap()
}

fn warnings(section: &Json) -> Vec<String> {
    build_in(Dialect::DockerAuth, section).warnings
}

async fn granted(acl: &Arc<dyn Authorizer>, account: &str, name: &str, asked: &[&str]) -> Option<String> {
    let (identity, resource) = (Identity::new(account), Resource::repository(name));
    let actions: ActionSet = asked.iter().copied().collect();
    let request = AccessRequest::new(&identity, "registry", &resource, &actions);
    let granted = acl.authorize(&call(), &request).await.unwrap().allowed()?;
    Some(granted.actions.grant(&actions).to_string())
}

#[tokio::test]
async fn rules_are_tried_in_order() {
    let acl = build(&json!([
        {"match": {"account": "admin"}, "actions": ["*"]},
        {"match": {"account": "/.+/", "name": "${account}/*"}, "actions": ["pull", "push"]},
        {"match": {"account": "/.+/", "name": "secret"}, "actions": []},
        {"match": {"account": "/.+/"}, "actions": ["pull"]},
    ]));
    for (account, name, expected) in [
        ("admin", "secret", Some("delete,pull,push")),
        ("alice", "alice/app", Some("pull,push")),
        ("alice", "bob/app", Some("pull")),
        ("alice", "secret", Some("")),
        ("", "alice/app", None),
    ] {
        let granted = granted(&acl, account, name, &["pull", "push", "delete"]).await;
        assert_eq!(granted.as_deref(), expected, "{account} {name}");
    }
    assert_eq!(granted(&build(&json!([])), "admin", "x", &["pull"]).await, None);
}

#[tokio::test]
async fn two_stars_are_two_only_in_explicit_chains() {
    let section = json!([{"match": {"name": "team/**"}, "actions": ["pull"]}]);
    for (dialect, deep, warned) in [(Dialect::DockerAuth, None, 1), (Dialect::Native, Some("pull"), 0)] {
        let built = build_in(dialect, &section);
        let acl = built.acl.unwrap();
        assert_eq!(granted(&acl, "alice", "team/a", &["pull"]).await.as_deref(), Some("pull"));
        assert_eq!(granted(&acl, "alice", "team/a/b", &["pull"]).await.as_deref(), deep);
        assert_eq!(built.warnings.len(), warned, "{:?}", built.warnings);
    }
}

#[test]
fn everything_that_is_wrong_is_found_at_once() {
    let problems = problems(&json!([
        {"match": {}, "actions": ["pull"]},
        {"match": {"account": "[", "ip": "10.0.0.0/33", "labels": {"a.b": "/(/"}}, "actions": []},
        {"match": {"account": "alice", "name": "${account:1}"}, "actions": []},
    ]));
    let expected = [
        "auth.yml:15:5: acl[1].match.account: the class has no closing `]`",
        "auth.yml:15:5: acl[1].match.ip: `/33` is too long",
        "auth.yml:16:5: acl[1].match.labels.\"a.b\": ",
        "auth.yml:18:5: acl[2].match.name: `${account:1}` in `name` needs a regex",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}");
    }
}

#[test]
fn a_rule_needs_both_its_parts_and_no_others() {
    for (rule, hint) in [
        (json!({"match": {}}), "actions"),
        (json!({"actions": []}), "match"),
        (json!({"match": {}, "actions": null}), "actions"),
        (json!({"match": null, "actions": []}), "match"),
        (json!({"match": {"acount": "x"}, "actions": []}), "did you mean `account`"),
        (json!({"match": {}, "action": [], "actions": []}), "did you mean `actions`"),
    ] {
        let problems = problems(&json!([rule]));
        assert!(problems.len() == 1 && problems[0].contains(hint), "{rule} {problems:?}");
    }
}

#[test]
fn grants_that_help_nobody_are_warned_of() {
    for (kind, actions, hint) in [
        (None, json!(["push"]), Some("add `pull`")),
        (Some("repository"), json!(["push", "delete"]), Some("add `pull`")),
        (Some("registry"), json!(["pull"]), Some("asks for `*` on its catalog")),
        (Some("registry"), json!(["push"]), Some("asks for `*` on its catalog")),
        (None, json!(["*", "pull"]), Some("`*` beside other actions")),
        (None, json!(["push", "*"]), Some("`*` beside other actions")),
        (None, json!(["push", "pull"]), None),
        (None, json!(["delete"]), None),
        (None, json!(["*"]), None),
        (None, json!([]), None),
        (Some("registry"), json!(["*"]), None),
        (Some("registry"), json!([]), None),
    ] {
        let conditions = kind.map_or(json!({}), |kind| json!({"type": kind}));
        let warnings = warnings(&json!([{"match": conditions, "actions": actions}]));
        assert_eq!(warnings.len(), usize::from(hint.is_some()), "{actions} {warnings:?}");
        for warning in warnings {
            assert!(warning.starts_with("auth.yml:10:5: acl[0].actions: "), "{warning}");
            assert!(warning.contains(hint.unwrap()), "{warning}");
        }
    }
}

#[test]
fn odd_patterns_are_warned_of_where_they_stand() {
    let warnings = warnings(&json!([
        {"match": {}, "actions": ["*"]},
        {"match": {"labels": {"group": "/trainee|dev/"}}, "actions": ["pull"]},
        {"match": {"name": "${labels:project}-{labels:tier}/*"}, "actions": ["pull"]},
    ]));
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("auth.yml:16:5: acl[1].match.labels.group: this regex is not anchored"));
    assert!(warnings[1].starts_with("auth.yml:18:5: acl[2].match.name: `{labels:tier}` is plain text"));
}

struct Notes(Arc<Mutex<Vec<String>>>);

impl TraceSink for Notes {
    fn note(&self, step: Step) {
        panic!("{step:?}");
    }

    fn rule(&self, _: &Arc<str>, rule: RuleNote) {
        self.0.lock().unwrap().push(format!("{:?} {}", rule.role, rule.because));
    }
}

#[tokio::test]
async fn an_answer_names_its_rule() {
    let acl = build(&json!([
        {"match": {"account": "bob"}, "actions": []},
        {"match": {}, "actions": ["pull"], "comment": "everyone reads"},
        {"match": {}, "actions": ["push"]},
    ]));
    let (identity, resource) = (Identity::new("alice"), Resource::repository("x"));
    let actions: ActionSet = ["pull", "push"].into_iter().collect();
    let request = AccessRequest::new(&identity, "registry", &resource, &actions);
    let notes = Arc::new(Mutex::new(Vec::new()));
    let (now, id) = (SystemTime::UNIX_EPOCH, RequestId::from_bits(1));
    let cx = Call::traced(now, Instant::now(), id, Box::new(Notes(Arc::clone(&notes))));
    let granted = acl.authorize(&cx, &request).await.unwrap().allowed().unwrap();
    assert_eq!(granted.because.to_string(), "auth.yml:13 (everyone reads)");
    assert_eq!(*notes.lock().unwrap(), ["Decides auth.yml:13 (everyone reads)", "Shadowed auth.yml:16"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    let acl = build(&json!([
        {"match": {"account": "alice", "labels": {"groups": "dev"}, "name": "${labels:groups}/*"}, "actions": ["pull"]},
        {"match": {"account": "mallory"}, "actions": []},
        {"match": {"account": "/.+/", "name": "${account}/*"}, "actions": ["*"]},
    ]));
    let mut alice = Identity::new("alice");
    alice.labels.add("groups", LabelValue::Literal("dev".to_owned()));
    let asks =
        |identity: Identity, name: &str| Case::new(identity, Resource::repository(name), &["pull", "push"]);
    let fixture = Fixture {
        allowed: Allowed::new(asks(alice, "dev/app"), &["pull"]),
        denied: asks(Identity::new("mallory"), "mallory/app"),
        not_mine: NotMine::Request(Box::new(asks(Identity::new("bob"), "dev/app"))),
    };
    let report = conformance(acl, fixture).await;
    assert!(report.unsupported.is_empty() && rules::ALL.iter().all(|rule| report.ran(rule)), "{report:?}");
}

#[tokio::test]
async fn an_undecidable_denial_is_an_error() {
    let acl = build(&json!([
        {"match": {"name": "/^${labels:secret}$/"}, "actions": []},
        {"match": {}, "actions": ["*"]},
    ]));
    let mut identity = Identity::new("alice");
    identity.labels.add("secret", LabelValue::Pattern("\\pL{1000}".to_owned()));
    let (resource, actions) = (Resource::repository("x"), ActionSet::EMPTY);
    let request = AccessRequest::new(&identity, "registry", &resource, &actions);
    let answer: Answer<Granted> = acl.authorize(&call(), &request).await;
    assert!(answer.is_err_and(|error| error.to_string().contains("auth.yml:10")));
    let bob = Identity::new("bob");
    let request = AccessRequest::new(&bob, "registry", &resource, &actions);
    assert!(matches!(acl.authorize(&call(), &request).await, Ok(Decision::Allow(_))));
}

#[test]
fn ends_are_warned_of_and_disabled_rules_are_not() {
    let ending = |until: &str| json!({"match": {"account": "ci"}, "actions": [], "valid": {"until": until}});
    let open = || json!({"match": {}, "actions": ["pull"]});
    let found = warnings(&json!([ending("2025-12-31"), ending("2026-01-01"), open()]));
    assert_eq!(
        found,
        [
            "auth.yml:10:5: acl[0].valid: this rule has ended on 2025-12-31: it decides nothing any more; take it out, \
          or give it a later `until` (and 1 more rules of this section)"
        ]
    );
    let found = warnings(&json!([open(), ending("2026-12-31"), open()]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with(
            "auth.yml:13:5: acl[1].valid: this rule ends on 2026-12-31, and from 2026-12-31 on the broader rule at \
             auth.yml:16 decides instead: it grants `pull` too"
        ),
        "{found:?}"
    );
    let mut disabled = ending("2025-12-31");
    disabled["disabled"] = json!(true);
    assert_eq!(warnings(&json!([disabled, open()])), [""; 0]);
    let mut many: Vec<Json> = (0..15).map(|_| ending("2026-12-31")).collect();
    many.push(open());
    let found = warnings(&Json::Array(many));
    assert_eq!(found.len(), 10, "{found:#?}");
    assert!(found[9].ends_with("(and 5 more rules of this section)"), "{found:#?}");
}

#[test]
fn a_rule_about_a_link_that_is_not_there_is_warned_of() {
    let section = node(
        &json!([
            {"match": {"backend": "github"}, "actions": ["*"]},
            {"match": {"backend": "git*"}, "actions": ["*"]},
            {"match": {"backend": "gitlab"}, "actions": ["*"]},
            {"match": {}, "actions": []},
        ]),
        10,
    );
    let key = Key { text: "acl".into(), location: section.location.clone() };
    let mut registry: Registry<dyn Authorizer> = Registry::new();
    registry.register::<AclConfig>("acl").unwrap();
    let said = |cx: BuildContext| {
        registry.build(&key, &section, &KeyPath::root(), &cx).unwrap();
        let warnings = cx.take_warnings(&section, &KeyPath::root());
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let cx = build_context().with_identity_links(["users".to_owned(), "github".to_owned()]);
    assert_eq!(
        said(cx.for_link("acl", Dialect::Native)),
        [
            "auth.yml:18:5: [2].match.backend: no link of `authn` has such a name, so that the rule never matches: there \
          are `users`, `github`"
        ]
    );
    assert_eq!(said(build_context()), [""; 0], "it is not known who there is");
}
