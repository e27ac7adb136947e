//! What `explain` is told must be what was decided.

use std::sync::{Arc, Mutex};

use dockgate_api::RuleRole::{self, Close, Decides, Shadowed};
use dockgate_api::{RuleNote, Step, TraceSink};

use super::*;

#[derive(Clone, Default)]
struct Rules(Arc<Mutex<Vec<RuleNote>>>);

impl TraceSink for Rules {
    fn note(&self, _: Step) {}

    fn rule(&self, _: &Arc<str>, rule: RuleNote) {
        self.0.lock().unwrap().push(rule);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_rule_that_decides_is_told_with_conditions_that_hold(seed: u64, size in 0..40_usize) {
        let configs: Vec<Json> = (0..size)
            .map(|place| {
                let mut rule = rule(&mut Random::new(seed, place));
                rule["actions"] = [json!(["pull"]), json!([]), json!(["*"]), json!(["pull", "push"])][place % 4].clone();
                rule
            })
            .collect();
        let rules: Vec<Rule> = configs.iter().enumerate().filter_map(|(place, config)| compile(place, config)).collect();
        let acl = Acl::new(rules);
        for number in 0..12 {
            let asked = request(&mut Random::new(!seed, number));
            let actions: ActionSet = ["pull", "push"].into_iter().collect();
            let request = AccessRequest::new(&asked.identity, &asked.service, &asked.resource, &actions);
            let request = request.from_ip(asked.ip);
            let notes = Rules::default();
            let deadline = Instant::now() + Duration::from_secs(3600);
            let now = SystemTime::UNIX_EPOCH + random::NOW;
            let traced = Call::traced(now, deadline, RequestId::from_bits(1), Box::new(notes.clone()));
            let answer = acl.decide(&traced, &request);
            prop_assert_eq!(&answer, &acl.decide(&call(), &request), "being traced changes nothing");
            let notes = notes.0.lock().unwrap().clone();
            let of = |role| notes.iter().filter(move |note| note.role == role).collect::<Vec<_>>();
            let held = |note: &RuleNote| note.conditions.iter().all(|condition| condition.holds == Some(true));
            let decides = of(RuleRole::Decides);
            prop_assert!(of(RuleRole::Close).len() <= 3 && of(RuleRole::Shadowed).len() <= 3);
            match answer {
                Ok(Decision::Allow(granted)) => {
                    prop_assert_eq!(decides.len(), 1);
                    prop_assert_eq!(&decides[0].because, &granted.because);
                    prop_assert!(held(decides[0]), "{:?}", decides[0]);
                    let missing: ActionSet =
                        actions.iter().filter(|action| !granted.actions.grant(&actions).contains(action)).collect();
                    for rule in of(RuleRole::Shadowed) {
                        prop_assert!(held(rule), "{:?}", rule);
                        prop_assert!(!rule.actions.grant(&missing).is_empty());
                    }
                }
                _ => prop_assert!(decides.is_empty() && of(RuleRole::Shadowed).is_empty()),
            }
            for rule in of(RuleRole::Close) {
                let counts = rule.standing == dockgate_api::config::Standing::Valid;
                prop_assert!(!(held(rule) && counts), "{:?}", rule);
            }
        }
    }
}

/// A rule is `Close` before the one that decides and `Shadowed` behind it, the nearest first.
#[test]
fn what_came_close_and_what_is_without_effect() {
    let configs = [
        json!({"match": {"account": "bob"}, "actions": ["*"]}),
        json!({"match": {"account": "alice", "name": "api/*", "service": "other"}, "actions": ["*"]}),
        json!({"match": {"account": "alice", "name": "api/*"}, "actions": ["*"]}),
        json!({"match": {"name": "web/*"}, "actions": ["*"], "valid": {"until": "2001-01-01"}}),
        json!({"match": {"account": "/^(a.*)$/", "name": "web/${account:1}"}, "actions": ["*"]}),
        json!({"match": {"name": "web/*"}, "actions": ["pull"]}),
        json!({"match": {}, "actions": ["pull"]}),
        json!({"match": {}, "actions": ["*"], "disabled": true}),
        json!({"match": {"account": "alice"}, "actions": ["push"]}),
        json!({"match": {}, "actions": ["*"]}),
    ];
    let acl =
        Acl::new(configs.iter().enumerate().filter_map(|(place, config)| compile(place, config)).collect());
    let (identity, resource) = (Identity::new("alice"), Resource::repository("web/app"));
    let actions = ["pull", "push"].into_iter().collect();
    let notes = Rules::default();
    let now = SystemTime::UNIX_EPOCH + random::NOW;
    let deadline = Instant::now() + Duration::from_secs(60);
    let traced = Call::traced(now, deadline, RequestId::from_bits(1), Box::new(notes.clone()));
    let request = AccessRequest::new(&identity, "registry", &resource, &actions);
    assert!(matches!(acl.decide(&traced, &request), Ok(Decision::Allow(_))));
    let told: Vec<(RuleRole, String)> =
        notes.0.lock().unwrap().iter().map(|note| (note.role, note.because.to_string())).collect();
    let told: Vec<(RuleRole, &str)> = told.iter().map(|(role, place)| (*role, place.as_str())).collect();
    assert_eq!(told, [(Decides, "5"), (Close, "3"), (Close, "2"), (Close, "4"), (Shadowed, "8")]);
    let notes = notes.0.lock().unwrap();
    let capture = &notes[3].conditions[1];
    assert_eq!((capture.key.as_str(), capture.holds), ("name", Some(false)));
    assert_eq!(capture.variables, [("${account:1}".to_owned(), Some("alice".to_owned()))]);
}
