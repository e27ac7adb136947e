//! The index must answer as the list does without it.

mod explained;
mod random;

use std::time::{Duration, Instant, SystemTime};

use dockgate_api::{AccessRequest, ActionSet, BackendError, Call, Decision, Identity, RequestId, Resource};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::{Acl, DoubleStar, Regexes, Rule};
use random::{Random, request, rule};

/// Rule sets per run; `PROPTEST_CASES` is for a longer one.
fn cases() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(2000))
}

fn call() -> Call {
    let deadline = Instant::now() + Duration::from_secs(3600);
    Call::new(SystemTime::UNIX_EPOCH + random::NOW, deadline, RequestId::from_bits(1))
}

fn compile(place: usize, config: &Json) -> Option<Rule> {
    let config = serde_json::from_value(config.clone()).unwrap();
    Rule::compile(config, format!("{place}"), DoubleStar::CrossesSlash, &mut vec![]).ok()
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn answers_as_the_list_one_by_one(
        seed: u64,
        size in prop_oneof![8 => 0..12_usize, 3 => 12..60_usize, 1 => 60..400_usize],
    ) {
        let configs: Vec<Json> = (0..size).map(|place| rule(&mut Random::new(seed, place))).collect();
        let rules = configs.iter().enumerate().filter_map(|(place, config)| compile(place, config));
        let acl = Acl::new(rules.collect());
        for number in 0..12 {
            let asked = request(&mut Random::new(!seed, number));
            let actions = ActionSet::EMPTY;
            let request = AccessRequest::new(&asked.identity, &asked.service, &asked.resource, &actions);
            let request = request.from_ip(asked.ip);
            let (one, other) = (call().for_question(), call().for_question());
            let expected = acl.decide_one_by_one(&one, &request);
            prop_assert_eq!(acl.decide(&other, &request), expected, "{:#?} {:?}", &configs, asked);
            prop_assert_eq!(one.no_match_until(), other.no_match_until());
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    /// Without the quick look, which the index relies on.
    #[test]
    fn what_matches_in_full_may_match(seed: u64) {
        let regexes = Regexes::default();
        for place in 0..20 {
            let config = rule(&mut Random::new(seed, place));
            let Some(rule) = compile(place, &config) else { continue };
            for number in 0..6 {
                let asked = request(&mut Random::new(!seed, number));
                let actions = ActionSet::EMPTY;
                let request = AccessRequest::new(&asked.identity, &asked.service, &asked.resource, &actions);
                let request = request.from_ip(asked.ip);
                if rule.matches_in_full(&request, &regexes) == Ok(true) {
                    prop_assert!(rule.may_match(&request), "{config} {asked:?}");
                }
            }
        }
    }
}

/// The cases above are worth something only if rules match, do not match, and fail.
#[test]
fn random_lists_decide_in_every_way() {
    let (mut allowed, mut nothing, mut failed, mut refused) = (0, 0, 0, 0);
    let actions = ActionSet::EMPTY;
    for seed in 0..1000 {
        let configs = (0..10).map(|place| rule(&mut Random::new(seed, place)));
        let rules: Vec<Rule> =
            configs.enumerate().filter_map(|(place, config)| compile(place, &config)).collect();
        refused += 10 - rules.len();
        let acl = Acl::new(rules);
        let asked = request(&mut Random::new(!seed, 0));
        let request = AccessRequest::new(&asked.identity, &asked.service, &asked.resource, &actions);
        match acl.decide(&call(), &request.from_ip(asked.ip)) {
            Ok(Decision::Allow(_)) => allowed += 1,
            Ok(_) => nothing += 1,
            Err(BackendError::Protocol(_)) => failed += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(
        allowed > 50 && nothing > 50 && failed > 3 && refused < 1000,
        "{allowed} {nothing} {failed} {refused}"
    );
}

/// How many rules a request is tried on.
fn tried(acl: &Acl, identity: &Identity, name: &str) -> usize {
    let (resource, actions) = (Resource::repository(name), ActionSet::EMPTY);
    acl.index().candidates(&AccessRequest::new(identity, "registry", &resource, &actions)).count()
}

/// What makes rules alike must not keep them together.
#[test]
fn few_rules_are_tried_whatever_they_share() {
    let mut alice = Identity::new("user-77");
    alice.labels.add("groups", dockgate_api::LabelValue::Literal("group-77".to_owned()));
    alice.labels.add("key-77", dockgate_api::LabelValue::Literal("x".to_owned()));
    let conditions: [fn(usize) -> Json; 22] = [
        |n| json!({"account": format!("user-{n}")}),
        |n| json!({"account": format!("user-{n}"), "name": "team-*/*"}),
        |n| json!({"account": "user-77", "name": format!("team-{n}/app")}),
        |n| json!({"account": "user-77", "name": format!("team-{n}/*")}),
        |n| json!({"account": "*", "name": format!("/^team-{n}\\//")}),
        |n| json!({"account": format!("/^user-{n}$/")}),
        |n| json!({"account": format!("user-{n}"), "name": "${account}/*"}),
        |n| json!({"name": format!("team-{n}/${{account}}")}),
        |n| json!({"name": format!("${{account}}/app-{n}")}),
        |n| json!({"name": format!("${{account}}/app-{n}/*")}),
        |n| json!({"name": format!("*/app-{n}")}),
        |n| json!({"name": format!("*/app-{n}/*")}),
        |n| json!({"name": format!("/app-{n}x?$/")}),
        |n| json!({"name": format!("/(app-{n})$/")}),
        |n| json!({"account": format!("/^(.+)-{n}-corp$/"), "name": "${account:1}/*"}),
        |n| json!({"name": format!("${{labels:groups}}/app-{n}")}),
        |n| json!({"labels": {"groups": format!("group-{n}")}}),
        |n| json!({"name": format!("${{labels:key-{n}}}/*")}),
        |n| json!({"labels": {format!("key-{n}"): "*"}}),
        |n| json!({"account": format!("user-{}", n / 32), "name": format!("team-{}/app", n % 32)}),
        |n| json!({"account": format!("user-{}*", n / 32), "name": format!("team-{}/*", n % 32)}),
        |n| json!({"account": format!("/^(user)-{n}$/"), "name": "${account:1}/*"}),
    ];
    for conditions in conditions {
        let rules = (0..1000).filter_map(|n| compile(n, &json!({"match": conditions(n), "actions": []})));
        let acl = Acl::new(rules.collect());
        assert_eq!(acl.len(), 1000);
        for name in ["team-77/app", "team/app-77/app-77/x", "user-77/app-77", "user-77/app-77/x", "other"] {
            let tried = tried(&acl, &alice, name);
            assert!(tried < 40, "{tried} {} {name}", conditions(0));
        }
    }
}

/// A name that says one word again and again must not make a request pay for the word's rules each time.
#[test]
fn a_list_is_found_once_however_often_its_key_stands_in_a_name() {
    let rule = |n| json!({"match": {"name": format!("/foobar[0-9]{{{}}}x$/", n + 1)}, "actions": []});
    let label = |n| json!({"match": {"labels": {"groups": format!("group-{n}")}}, "actions": []});
    let rules = (0..100).map(rule).chain((0..20).map(label)).enumerate();
    let acl = Acl::new(rules.filter_map(|(place, config)| compile(place, &config)).collect());
    let mut identity = Identity::new("alice");
    for number in (0..20).chain(0..20) {
        identity.labels.add("groups", dockgate_api::LabelValue::Literal(format!("group-{number}")));
    }
    let (resource, actions) = (Resource::repository("foobar".repeat(100)), ActionSet::EMPTY);
    let found = acl.index().candidates(&AccessRequest::new(&identity, "registry", &resource, &actions));
    assert_eq!((found.lists(), found.count()), (21, 120));
}
