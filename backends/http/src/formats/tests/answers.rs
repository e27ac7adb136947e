//! Ours and Open Policy Agent's.

use dockgate_api::{Decision, LabelValue, ReasonCode};
use dockgate_testkit::fakes::noon;
use serde_json::json;

use super::*;

fn who(format: &AuthnFormat, answer: &str) -> Result<Decision<Identity>, String> {
    format.read(answer.as_bytes(), &alice(), noon()).map(|reply| reply.decision)
}

fn what(format: AuthzFormat, answer: &str) -> Result<Decision<Granted>, String> {
    with_request(|request| format.read(answer.as_bytes(), request, noon(), "the hook"))
        .map(|reply| reply.decision)
}

/// `granted`, `denied: WHY`, `no match` or `error`.
fn word(answer: &Result<Decision<Granted>, String>) -> String {
    match answer {
        Ok(Decision::Allow(granted)) => {
            let asked: ActionSet = ["pull", "push", "delete"].into_iter().collect();
            format!("granted {} by {}", granted.actions.grant(&asked), granted.because)
        }
        Ok(Decision::Deny(reason)) => format!("denied: {reason}"),
        Ok(Decision::NoMatch) => "no match".to_owned(),
        Err(_) => "error".to_owned(),
    }
}

#[test]
fn the_policy_gets_our_question_as_its_input() {
    let ours = asked(&AuthnFormat::Dockgate);
    assert_eq!((&ours["question"], &ours["password"]), (&json!("authenticate"), &json!(TOKEN)));
    assert_eq!(asked(&AuthnFormat::Opa), json!({"input": ours}));
    with_request(|request| {
        let question = Question::what(request);
        let read = |format: AuthzFormat| serde_json::from_str::<Value>(&format.body(&question)).unwrap();
        let ours = read(AuthzFormat::Dockgate);
        assert_eq!(ours["actions"], json!(["pull", "push"]));
        assert_eq!(read(AuthzFormat::Opa), json!({"input": ours}));
    });
}

#[test]
fn the_policy_says_true_false_or_our_document() {
    let opa = AuthnFormat::Opa;
    assert_eq!(who(&opa, r#"{"result": true}"#), Ok(Decision::Allow(Identity::new("alice"))));
    let more = r#"{"decision_id": "7", "result": true, "warning": {"code": "x"}}"#;
    assert_eq!(who(&opa, more), Ok(Decision::Allow(Identity::new("alice"))));
    assert!(matches!(who(&opa, r#"{"result": false}"#), Ok(Decision::Deny(_))));
    let document = r#"{"result": {"decision": "allow", "labels": {"groups": ["dev"]}}}"#;
    let identity = who(&opa, document).unwrap().allowed().unwrap();
    assert_eq!(identity.labels.values("groups"), [LabelValue::Literal("dev".to_owned())]);
    assert_eq!(who(&opa, r#"{"result": {"decision": "no_match"}}"#), Ok(Decision::NoMatch));

    for (answer, expected) in [
        (r#"{"result": true}"#, "granted pull,push by the hook"),
        (r#"{"result": false}"#, "denied: forbidden: the policy says false"),
        (r#"{"result": {"actions": ["pull"]}}"#, "granted pull by the hook"),
        (r#"{"result": {"actions": ["pull"], "reason": "why"}}"#, "granted pull by the hook (why)"),
        (r#"{"result": {"decision": "deny", "reason": "late"}}"#, "denied: forbidden: late"),
        (r#"{"result": {"decision": "no_match"}}"#, "no match"),
        (r#"{"result": {"actions": ["pull", "delete"]}}"#, "error"),
    ] {
        assert_eq!(word(&what(AuthzFormat::Opa, answer)), expected, "{answer}");
    }
}

#[test]
fn a_policy_that_says_nothing_is_an_error() {
    for answer in [
        "{}",
        r#"{"decision_id": "7"}"#,
        r#"{"result": null}"#,
        r#"{"result": {}}"#,
        r#"{"result": "true"}"#,
        r#"{"result": 1}"#,
        r#"{"result": []}"#,
        r#"{"result": [true]}"#,
        r#"{"result": {"allow": true}}"#,
        r#"{"result": {"decision": "allow", "more": 1}}"#,
        r#"{"result": {"decision": "deny", "decision": "allow"}}"#,
        r#"{"result": false, "result": true}"#,
        r#"{"decision": "allow"}"#,
        r#"{"result": true} {"result": true}"#,
        r#"[{"result": true}]"#,
        // serde takes a list for a struct, value by value.
        "[true]",
        r#"{"result": [null, "allow", {}, null, null, null]}"#,
        "true",
        "",
    ] {
        assert!(who(&AuthnFormat::Opa, answer).is_err(), "{answer}");
        assert!(what(AuthzFormat::Opa, answer).is_err(), "{answer}");
    }
    let why = who(&AuthnFormat::Opa, "{}").unwrap_err();
    assert!(why.contains("there is no `result`"), "{why}");
    let list = r#"[null, "allow", {}, null, null, null]"#;
    assert!(who(&AuthnFormat::Dockgate, list).is_err());
    assert!(what(AuthzFormat::Dockgate, r#"[null, "allow", null, null, null, null]"#).is_err());
    // What `opa` is told to say is nothing that `dockgate` says.
    assert!(who(&AuthnFormat::Dockgate, r#"{"result": true}"#).is_err());
}

#[test]
fn what_has_expired_denies() {
    let over = r#"{"result": {"decision": "allow", "expires_at": "2026-01-01T12:00:00Z"}}"#;
    let Ok(Decision::Deny(reason)) = who(&AuthnFormat::Opa, over) else { panic!() };
    assert_eq!(reason.code, ReasonCode::Expired);
}
