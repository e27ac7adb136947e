use serde_json::{Value as Json, json};

use super::*;
use crate::{DoubleStar, RuleConfig};

fn rules(configs: &[Json]) -> Vec<Rule> {
    let compile = |(index, config): (usize, &Json)| {
        let config: RuleConfig = serde_json::from_value(config.clone()).unwrap();
        Rule::compile(config, format!("acl.yml:{index}"), DoubleStar::CrossesSlash, &mut vec![]).unwrap()
    };
    configs.iter().enumerate().map(compile).collect()
}

fn now() -> SystemTime {
    "2026-06-01".parse::<Moment>().unwrap().0
}

fn found(configs: &[Json]) -> Vec<String> {
    takeovers(&rules(configs), now()).iter().map(|it| format!("{}: {it}", it.rule)).collect()
}

fn ending(conditions: &Json, actions: &Json) -> Json {
    json!({"match": conditions, "actions": actions, "valid": {"until": "2026-12-31"}})
}

#[test]
fn says_which_rule_takes_over_from_when_and_what_more_it_grants() {
    let narrow = ending(&json!({"account": "ci", "name": "releases/*"}), &json!(["pull"]));
    let other = json!({"match": {"account": "bob"}, "actions": ["*"]});
    let broad = json!({"match": {"account": "/.+/"}, "actions": ["pull", "push"], "comment": "everyone"});
    assert_eq!(
        found(&[narrow.clone(), other, broad]),
        [
            "0: this rule ends on 2026-12-31, and from 2026-12-31 on the broader rule at acl.yml:2 (everyone) decides \
          instead: it grants `push` too; put a rule without an end between them if that is not meant"
        ]
    );
    let later = json!({"match": {}, "actions": ["*"], "valid": {"from": "2027-02-01"}});
    let found = found(&[narrow, later]);
    assert!(found[0].contains("ends on 2026-12-31, and from 2027-02-01 on"), "{found:?}");
    assert!(found[0].contains("it grants all that is asked;"), "{found:?}");
}

#[test]
fn only_what_surely_matches_as_much_and_grants_more_counts() {
    let narrow = json!({
        "account": "ci", "name": "${account}/*", "type": "repository", "ip": "10.0.0.0/8", "backend": "corp",
        "labels": {"group": "dev"},
    });
    for (broad, covers) in [
        (json!({}), true),
        (narrow.clone(), true),
        (json!({"account": "c?"}), true),
        (json!({"account": "/^c/"}), true),
        (json!({"account": "d?"}), false),
        (json!({"account": "/^d/"}), false),
        (json!({"name": "${account}/*"}), true),
        (json!({"name": "ci/*"}), false),
        (json!({"name": "/./"}), false),
        (json!({"service": "*"}), false),
        (json!({"ip": "10.0.0.0/8"}), true),
        (json!({"ip": "10.1.0.0/16"}), false),
        (json!({"backend": "c*"}), true),
        (json!({"backend": "ldap"}), false),
        (json!({"labels": {"group": "d*"}}), true),
        (json!({"labels": {"group": "${account}"}}), false),
        (json!({"labels": {"group": "d*", "mail": "*"}}), false),
    ] {
        let list = [ending(&narrow, &json!([])), json!({"match": broad, "actions": ["pull"]})];
        assert_eq!(found(&list).len(), usize::from(covers), "{broad}");
    }
    for (first, second, more) in [
        (json!(["*"]), json!(["*"]), false),
        (json!(["*"]), json!(["pull"]), false),
        (json!(["pull", "push"]), json!(["pull"]), false),
        (json!(["pull"]), json!([]), false),
        (json!(["pull"]), json!(["delete"]), true),
        (json!([]), json!(["*"]), true),
    ] {
        let list = [ending(&json!({}), &first), json!({"match": {}, "actions": second})];
        assert_eq!(found(&list).len(), usize::from(more), "{first} {second}");
    }
}

#[test]
fn equal_texts_with_other_captures_are_not_equal() {
    let narrow = ending(&json!({"account": "/^(ci)-/", "name": "${account:1}/*"}), &json!([]));
    for (account, covers) in [("/^(ci)-/", 1), ("/^.(.+)$/", 0)] {
        let broad = json!({"match": {"account": account, "name": "${account:1}/*"}, "actions": ["*"]});
        assert_eq!(found(&[narrow.clone(), broad]).len(), covers, "{account}");
    }
}

#[test]
fn what_does_not_count_any_more_says_nothing_and_takes_nothing_over() {
    let open = json!({"match": {}, "actions": ["*"]});
    let with = |valid: Json, disabled: bool| json!({"match": {}, "actions": [], "valid": valid, "disabled": disabled});
    for (first, warned) in [
        (with(json!({"until": "2026-12-31"}), false), 1),
        (with(json!({"from": "2026-08-01", "until": "2026-12-31"}), false), 1),
        (with(json!({"until": "2026-12-31"}), true), 0),
        (with(json!({"until": "2026-05-31"}), false), 0),
        (with(json!({"from": "2026-08-01"}), false), 0),
    ] {
        assert_eq!(found(&[first.clone(), open.clone()]).len(), warned, "{first}");
    }
    let first = with(json!({"until": "2026-12-31"}), false);
    for (second, warned) in [
        (json!({"match": {}, "actions": ["*"], "disabled": true}), 0),
        (json!({"match": {}, "actions": ["*"], "valid": {"until": "2026-12-31"}}), 0),
        (json!({"match": {}, "actions": ["*"], "valid": {"until": "2027-01-01"}}), 1),
        // What decides first takes over, and here it grants nothing either.
        (json!({"match": {}, "actions": []}), 0),
    ] {
        assert_eq!(found(&[first.clone(), second.clone()]).len(), warned, "{second}");
        let behind = found(&[first.clone(), second.clone(), open.clone()]);
        assert_eq!(behind.is_empty(), second["actions"] == json!([]), "{second}");
    }
}

/// Without a bound this is ten thousand million pairs.
#[test]
fn long_lists_are_looked_at_in_part() {
    let config: RuleConfig =
        serde_json::from_value(ending(&json!({"account": "ci", "name": "a"}), &json!(["*"]))).unwrap();
    let other: RuleConfig =
        serde_json::from_value(ending(&json!({"account": "/^di/"}), &json!(["*"]))).unwrap();
    let compile = |config: &RuleConfig| {
        Rule::compile(config.clone(), "x", DoubleStar::CrossesSlash, &mut vec![]).unwrap()
    };
    let mut rules: Vec<Rule> = (0..1000).map(|_| compile(&config)).collect();
    rules.extend((0..99_000).map(|_| compile(&other)));
    assert!(takeovers(&rules, now()).is_empty());
    let mut comparisons = Comparisons::new(10);
    assert!(comparisons.spend(10) && !comparisons.spend(1) && comparisons.spend(0));
}
