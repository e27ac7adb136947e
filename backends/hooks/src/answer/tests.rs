use std::time::Duration;

use dockgate_api::{Credential, Resource};
use dockgate_testkit::fakes::noon;
use proptest::prelude::*;

use super::*;

fn who(answer: &str) -> Result<Reply<Identity>, AnswerError> {
    read_identity(answer.as_bytes(), &Login::new("alice", Credential::password("x")), noon())
}

fn what(answer: &str) -> Result<Reply<Granted>, AnswerError> {
    what_of(answer, &["pull", "push"])
}

fn what_of(answer: &str, asked: &[&str]) -> Result<Reply<Granted>, AnswerError> {
    let (identity, resource) = (Identity::new("alice"), Resource::repository("a"));
    let actions = asked.iter().copied().collect();
    let request = AccessRequest::new(&identity, "registry", &resource, &actions);
    read_granted(answer.as_bytes(), &request, noon(), "hook")
}

#[test]
fn says_who_somebody_is_with_labels_and_an_end() {
    let reply = who(
        r#"{"version": 1, "decision": "allow", "labels": {"groups": ["dev", "ops"]}, "expires_at": "2026-01-01T13:00:00Z"}"#,
    );
    let reply = reply.unwrap();
    let end = Some(noon() + Duration::from_secs(3600));
    assert_eq!((reply.expires_at, reply.cacheable), (end, true));
    let identity = reply.decision.allowed().unwrap();
    assert_eq!((identity.account.as_str(), identity.expires_at), ("alice", end));
    assert_eq!(
        identity.labels.values("groups"),
        [LabelValue::Literal("dev".into()), LabelValue::Literal("ops".into())]
    );
    assert_eq!(who(r#"{"decision": "no_match"}"#).unwrap().decision, Decision::NoMatch);
    assert!(!who(r#"{"decision": "allow", "cache": false}"#).unwrap().cacheable);
    let denied = who(r#"{"decision": "deny", "reason": "on leave"}"#).unwrap().decision;
    assert_eq!(denied, Decision::Deny(Reason::bad_credentials("on leave")));
    let expired = who(r#"{"decision": "allow", "expires_at": "2026-01-01T12:00:00Z"}"#).unwrap().decision;
    assert!(matches!(expired, Decision::Deny(Reason { code: ReasonCode::Expired, .. })), "{expired:?}");
}

#[test]
fn says_which_of_the_asked_actions_are_allowed() {
    let granted = |answer: &str| match what(answer).unwrap().decision {
        Decision::Allow(granted) => match granted.actions {
            Actions::Only(actions) => actions.to_string(),
            Actions::All => "all".to_owned(),
        },
        other => format!("{other:?}"),
    };
    assert_eq!(granted(r#"{"actions": ["pull"]}"#), "pull");
    assert_eq!(granted(r#"{"decision": "allow", "actions": []}"#), "");
    assert_eq!(granted(r#"{"decision": "allow"}"#), "pull,push");
    assert_eq!(granted(r#"{"decision": "no_match", "actions": []}"#), "NoMatch");
    let denied = what(r#"{"decision": "deny", "reason": "frozen"}"#).unwrap().decision;
    assert_eq!(denied, Decision::Deny(Reason::new(ReasonCode::Forbidden, "frozen")));
    let until = what(r#"{"decision": "allow", "expires_at": "2026-01-02"}"#).unwrap();
    assert_eq!(until.decision.allowed().unwrap().valid_until, until.expires_at);
}

#[test]
fn what_is_not_exactly_an_answer_is_an_error() {
    for answer in [
        "",
        " \n",
        "null",
        "true",
        "[]",
        // serde takes a list for a struct, value by value.
        r#"[null, "allow", {}, null, null, null]"#,
        r#"[null, "allow", ["pull"], null, null, null]"#,
        "{}",
        r#"{"decision": true}"#,
        r#"{"decision": "Allow"}"#,
        r#"{"decision": "allow "}"#,
        r#"{"decision": "yes"}"#,
        r#"{"decision": "deny", "decision": "allow"}"#,
        r#"{"decision": "allow"} {"decision": "allow"}"#,
        r#"{"decision": "allow", "lables": {}}"#,
        r#"{"decision": "allow", "version": 2}"#,
        r#"{"decision": "allow", "expires_at": 1767268800}"#,
        r#"{"decision": "allow", "expires_at": "tomorrow"}"#,
        r#"{"decision": "deny", "expires_at": "2027-01-01"}"#,
        r#"{"decision": "allow", "cache": null}"#,
    ] {
        assert!(who(answer).is_err(), "{answer}");
        assert!(what(answer).is_err(), "{answer}");
    }
    for answer in [
        r#"{"decision": "deny", "labels": {"a": ["b"]}}"#,
        r#"{"decision": "allow", "labels": {"a": "b"}}"#,
        r#"{"decision": "allow", "labels": {"a": ["b"], "a": ["c"]}}"#,
        r#"{"decision": "allow", "labels": {"$serde_json::private::RawValue": "{\"a\": [\"b\"]}"}}"#,
    ] {
        assert!(who(answer).is_err(), "{answer}");
    }
    for answer in [
        r#"{"actions": ["delete"]}"#,
        r#"{"actions": ["*"]}"#,
        r#"{"decision": "no_match", "actions": ["pull"]}"#,
        // What Go writes for a list that was never filled.
        r#"{"decision": "allow", "actions": null}"#,
        r#"{"decision": null, "actions": ["pull"]}"#,
    ] {
        assert!(what(answer).is_err(), "{answer}");
    }
    assert!(what_of(r#"{"actions": ["*"]}"#, &["*"]).is_ok(), "the catalog's");
}

proptest! {
    #[test]
    fn no_answer_grants_what_was_not_asked(
        asked in proptest::collection::vec("pull|push|delete|x", 0..4),
        named in proptest::collection::vec("pull|push|delete|x|\\*", 0..4),
    ) {
        let answer = serde_json::json!({"actions": named}).to_string();
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        if let Ok(reply) = what_of(&answer, &asked) {
            let granted = reply.decision.allowed().unwrap();
            let Actions::Only(actions) = granted.actions else { panic!("all") };
            prop_assert!(actions.iter().all(|action| asked.contains(&action)));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(answer in proptest::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(read_identity(&answer, &Login::new("a", Credential::None), noon()).is_err());
    }
}
