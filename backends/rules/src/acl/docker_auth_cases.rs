//! The recorded answers of docker_auth's own ACL: ours are the same, or differ for a reason that stands here.

mod differences;

use std::{
    collections::BTreeMap,
    fs,
    net::IpAddr,
    path::Path,
    time::{Instant, SystemTime},
};

use dockgate_api::{AccessRequest, ActionSet, Call, Identity, LabelValue, Labels, RequestId, Resource};
use serde::Deserialize;

use self::differences::{DIFFERENCES, Ours, Seen};
use crate::{Acl, DoubleStar, Regexes, Rule, RuleConfig};

/// What docker_auth was asked, and what it said.
#[derive(Deserialize)]
struct Case {
    acl: Vec<RuleConfig>,
    request: Asked,
    /// It does not load the list.
    #[serde(default)]
    refused: bool,
    /// Which rules match, each by itself.
    #[serde(default)]
    matches: Vec<bool>,
    /// None if no rule matches.
    granted: Option<ActionList>,
}

type ActionList = Vec<String>;

#[derive(Deserialize)]
struct Asked {
    account: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    service: String,
    ip: Option<IpAddr>,
    actions: ActionList,
    labels: BTreeMap<String, Vec<String>>,
}

impl Asked {
    fn identity(&self) -> Identity {
        let mut labels = Labels::new();
        for (label, values) in &self.labels {
            for value in values {
                labels.add(label, LabelValue::Pattern(value.clone()));
            }
        }
        Identity::new(self.account.clone()).with_labels(labels)
    }
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/docker_auth_acl_cases.jsonl");
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn compile(rule: &RuleConfig) -> Option<Rule> {
    Rule::compile(rule.clone(), "somewhere", DoubleStar::PlainStar, &mut vec![]).ok()
}

#[test]
fn rules_mean_what_they_mean_to_docker_auth() {
    let cx = Call::new(SystemTime::UNIX_EPOCH, Instant::now(), RequestId::from_bits(1));
    let mut counts = [(0, 0); DIFFERENCES.len()];
    let (mut refused, mut alike, mut granted_alike, mut granted_else) = (0, 0, 0, 0);
    let mut unexplained = Vec::new();
    for case in &cases() {
        if case.refused {
            assert!(case.acl.iter().any(|rule| compile(rule).is_none()), "{:?}", case.acl);
            refused += 1;
            continue;
        }
        let (asked, identity) = (&case.request, case.request.identity());
        let resource = Resource::new(asked.kind.clone(), asked.name.clone());
        let actions: ActionSet = asked.actions.iter().map(String::as_str).collect();
        let request = AccessRequest::new(&identity, &asked.service, &resource, &actions).from_ip(asked.ip);
        let mut rules = Vec::new();
        let mut same = true;
        assert_eq!(case.acl.len(), case.matches.len());
        for (config, &theirs) in case.acl.iter().zip(&case.matches) {
            let ours = compile(config).map_or(Ours::Refused, |rule| {
                let matched = rule.is_match(&request, &Regexes::default()).unwrap();
                rules.push(rule);
                Ours::Matches(matched)
            });
            if ours == Ours::Matches(theirs) {
                alike += 1;
                continue;
            }
            same &= ours == Ours::Refused && !theirs;
            let seen = Seen { rule: config, asked, ours, theirs };
            match DIFFERENCES.iter().position(|difference| (difference.applies)(&seen)) {
                Some(which) if ours == Ours::Matches(true) => counts[which].1 += 1,
                Some(which) => counts[which].0 += 1,
                None => unexplained.push(format!("{ours:?} {theirs} {config:?} {:?}", asked.name)),
            }
        }
        let decided = Acl::new(rules).decide(&cx, &request).unwrap().allowed();
        let granted = decided.map(|granted| granted.actions.grant(&actions));
        let expected = case.granted.as_ref().map(|granted| granted.iter().map(String::as_str).collect());
        if granted == expected {
            granted_alike += 1;
        } else {
            assert!(!same, "{:?} {granted:?} {expected:?}", case.acl);
            granted_else += 1;
        }
    }
    assert!(unexplained.is_empty(), "{} {unexplained:#?}", unexplained.len());
    for (difference, count) in DIFFERENCES.iter().zip(counts) {
        println!("{count:?} {}", difference.reason);
    }
    let expected = DIFFERENCES.map(|difference| (difference.narrower, difference.wider));
    assert_eq!(counts, expected);
    // Lists that neither loads, rules alike, lists with the same answer, and with another for a reason above.
    assert_eq!((refused, alike, granted_alike, granted_else), (44, 4607, 3045, 211));
}
