use std::time::{Instant, SystemTime};

use dockgate_api::{ActionSet, Identity, LabelValue, RequestId, Resource};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value as Json, json};

use super::*;
use crate::{DoubleStar, RuleConfig};

fn call() -> Call {
    Call::new(SystemTime::UNIX_EPOCH, Instant::now(), RequestId::from_bits(1))
}

fn rule(index: usize, config: &Json) -> Rule {
    let config: RuleConfig = serde_json::from_value(config.clone()).unwrap();
    Rule::compile(config, format!("acl.yml:{index}"), DoubleStar::PlainStar, &mut vec![]).unwrap()
}

fn acl(rules: &[Json]) -> Acl {
    Acl::new(rules.iter().enumerate().map(|(index, config)| rule(index, config)).collect())
}

fn decide(acl: &Acl, identity: &Identity, name: &str) -> Answer<Granted> {
    let (resource, actions) = (Resource::repository(name), ["pull", "push"].into_iter().collect());
    acl.decide(&call(), &AccessRequest::new(identity, "registry", &resource, &actions))
}

#[test]
fn the_first_that_matches_decides() {
    let acl = acl(&[
        json!({"match": {"account": "alice", "name": "secret/*"}, "actions": [], "comment": "not hers"}),
        json!({"match": {"account": "alice"}, "actions": ["*"]}),
        json!({"match": {"name": "public/*"}, "actions": ["pull"]}),
    ]);
    assert_eq!(acl.len(), 3);
    for (account, name, expected) in [
        ("alice", "secret/x", Some(("", "acl.yml:0 (not hers)"))),
        ("alice", "public/x", Some(("pull,push", "acl.yml:1"))),
        ("bob", "public/x", Some(("pull", "acl.yml:2"))),
        ("bob", "secret/x", None),
    ] {
        let granted = decide(&acl, &Identity::new(account), name).unwrap().allowed();
        let actions = ["pull", "push"].into_iter().collect();
        let shown =
            granted.map(|granted| (granted.actions.grant(&actions).to_string(), granted.because.to_string()));
        assert_eq!(
            shown.as_ref().map(|(actions, because)| (&**actions, &**because)),
            expected,
            "{account} {name}"
        );
    }
}

#[test]
fn an_empty_list_leaves_everything_to_the_next() {
    let acl = acl(&[]);
    assert!(acl.is_empty());
    assert_eq!(decide(&acl, &Identity::new("alice"), "x"), Ok(Decision::NoMatch));
}

/// A denial that cannot be decided must not be passed over for the permission behind it.
#[test]
fn what_cannot_be_decided_is_an_error() {
    let acl = acl(&[
        json!({"match": {"name": "/^${labels:secret}$/"}, "actions": [], "comment": "hidden"}),
        json!({"match": {}, "actions": ["*"]}),
    ]);
    let mut identity = Identity::new("alice");
    identity.labels.add("secret", LabelValue::Pattern("\\pL{1000}".to_owned()));
    let answer = decide(&acl, &identity, "x");
    let Err(BackendError::Protocol(message)) = answer else { panic!("{answer:?}") };
    assert!(message.starts_with("the rule at acl.yml:0 (hidden): the pattern is too large"), "{message}");
    assert!(matches!(decide(&acl, &Identity::new("bob"), "x"), Ok(Decision::Allow(_))));
}

const PATTERNS: [&str; 14] = [
    "",
    "*",
    "?*",
    "a",
    "a/*",
    "[ab]",
    "${account}",
    "${account}/*",
    "/^${account}\\//",
    "/a|b/",
    "/^[ab]$/",
    "${labels:groups}",
    "${labels:groups}/*",
    "/^${labels:groups}/",
];

const TEXTS: [&str; 10] = ["", "a", "b", "ab", "a/b", "b/a", "*", "a/*", "/a/", "[ab]"];

const ACTIONS: [&str; 4] = ["pull", "push", "delete", "*"];

fn any_rule() -> impl Strategy<Value = Json> {
    let pattern = || proptest::option::of(select(&PATTERNS[..]));
    let label = proptest::option::of(select(&PATTERNS[..11]));
    (pattern(), pattern(), label, subsequence(&ACTIONS[..], 0..=2)).prop_map(
        |(account, name, label, actions)| {
            let labels = label.map(|label| json!({"groups": label}));
            json!({"match": {"account": account, "name": name, "labels": labels}, "actions": actions})
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_list_is_its_rules_one_by_one(
        configs in proptest::collection::vec(any_rule(), 0..6),
        account in select(&TEXTS[..]),
        name in select(&TEXTS[..]),
        groups in subsequence(&TEXTS[..], 0..3),
        literal: bool,
        asked in subsequence(&ACTIONS[..], 0..=4),
    ) {
        let of = |text: &str| if literal { LabelValue::Literal(text.into()) } else { LabelValue::Pattern(text.into()) };
        let mut identity = Identity::new(account);
        for group in groups {
            identity.labels.add("groups", of(group));
        }
        let (resource, asked) = (Resource::repository(name), asked.into_iter().collect::<ActionSet>());
        let request = AccessRequest::new(&identity, "registry", &resource, &asked);

        let alone = |(index, config): (usize, &Json)| {
            let rule = rule(index, config);
            let matched = rule.is_match(&request, &Regexes::default()).unwrap();
            matched.then(|| Granted::new(rule.actions().clone(), rule.because().clone()))
        };
        let expected = configs.iter().enumerate().find_map(alone).map_or(Decision::NoMatch, Decision::Allow);

        let acl = acl(&configs);
        let decided = acl.decide(&call(), &request);
        prop_assert_eq!(&decided, &Ok(expected));
        prop_assert_eq!(&decided, &acl.decide(&call(), &request));
        if let Some(granted) = decided.unwrap().allowed() {
            prop_assert!(granted.actions.grant(&asked).iter().all(|action| asked.contains(action)));
        }
    }
}

#[test]
fn a_long_list_keeps_the_deadline_and_opens_nothing() {
    let rules: Vec<Json> = [json!({"match": {"account": "alice"}, "actions": ["*"]})]
        .into_iter()
        .chain((0..RULES_BETWEEN_LOOKS).map(|_| json!({"match": {"ip": "10.0.0.1"}, "actions": []})))
        .chain([json!({"match": {}, "actions": ["*"]})])
        .collect();
    let acl = acl(&rules);
    // The deadline of `call` has passed.
    assert!(matches!(decide(&acl, &Identity::new("nobody"), "a"), Err(BackendError::Timeout(_))));
    assert!(matches!(decide(&acl, &Identity::new("alice"), "a"), Ok(Decision::Allow(_))));
}
