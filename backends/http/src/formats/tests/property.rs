//! Whatever comes back: it ends nothing, and allows nothing unless it says so.

use dockgate_api::Decision;
use dockgate_testkit::fakes::noon;
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Words that stand in answers, in every place where one may.
fn word() -> impl Strategy<Value = Value> {
    let texts = ["allow", "deny", "no_match", "true", "alice", "dockgate", "pull", "delete", "", "Allow"];
    let kinds = ["TokenReview", "authentication.k8s.io/v1", "2026-01-01T12:00:00Z", "9999-01-01"];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0_i64..3).prop_map(Value::from),
        proptest::sample::select([&texts[..], &kinds[..]].concat()).prop_map(Value::from),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let keys = [
        "decision",
        "result",
        "actions",
        "labels",
        "expires_at",
        "reason",
        "cache",
        "version",
        "status",
        "authenticated",
        "user",
        "username",
        "audiences",
        "error",
        "kind",
        "apiVersion",
        "groups",
    ];
    word().prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map(proptest::sample::select(keys.to_vec()), inner, 0..6)
                .prop_map(|map| json!(map)),
        ]
    })
}

/// A document that allows, with one of its values changed.
fn nearly() -> impl Strategy<Value = Value> {
    let user = json!({"username": "alice", "uid": "u", "groups": ["dev"]});
    let review = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
        "status": {"authenticated": true, "user": user, "audiences": ["dockgate"]},
    });
    let bases = vec![
        (json!({"decision": "allow"}), vec!["/decision"]),
        (json!({"result": true}), vec!["/result"]),
        (json!({"result": {"decision": "allow"}}), vec!["/result", "/result/decision"]),
        (json!({"actions": ["pull"]}), vec!["/actions", "/actions/0"]),
        (json!({"result": {"actions": ["pull"]}}), vec!["/result/actions"]),
        (
            review,
            vec![
                "/apiVersion",
                "/kind",
                "/status",
                "/status/authenticated",
                "/status/audiences",
                "/status/audiences/0",
                "/status/user",
                "/status/user/username",
            ],
        ),
    ];
    let places: Vec<(Value, &str)> = bases
        .into_iter()
        .flat_map(|(base, places)| places.into_iter().map(move |place| (base.clone(), place)))
        .collect();
    (proptest::sample::select(places), document()).prop_map(|((mut base, place), value)| {
        *base.pointer_mut(place).unwrap() = value;
        base
    })
}

/// Whether one of our documents says yes, read another way than the product does.
fn says_yes(document: &Value) -> bool {
    match &document["decision"] {
        Value::Null => document["actions"].is_array(),
        word => word == "allow",
    }
}

fn reviewed_yes(answer: &Value) -> bool {
    let status = &answer["status"];
    let audiences = status["audiences"].as_array().into_iter().flatten();
    answer["kind"] == "TokenReview"
        && answer["apiVersion"] == "authentication.k8s.io/v1"
        && status["authenticated"] == true
        && matches!(&status["error"], Value::Null | Value::String(_))
        && audiences.into_iter().any(|audience| audience == "dockgate" || audience == "registry")
        && status["user"]["username"] == "alice"
}

fn hold(bytes: &[u8]) {
    let answer: Option<Value> = serde_json::from_slice(bytes).ok();
    let yes = |of: &dyn Fn(&Value) -> bool| answer.as_ref().is_some_and(of);
    let result =
        |of: fn(&Value) -> bool| move |answer: &Value| answer["result"] == true || of(&answer["result"]);
    for (format, says) in [
        (AuthnFormat::Dockgate, yes(&says_yes)),
        (AuthnFormat::Opa, yes(&result(says_yes))),
        (token_review(), yes(&reviewed_yes)),
    ] {
        let read = format.read(bytes, &alice(), noon());
        let allowed = read.is_ok_and(|reply| matches!(reply.decision, Decision::Allow(_)));
        assert!(!allowed || says, "{format:?} allows by {}", String::from_utf8_lossy(bytes));
    }
    for (format, says) in
        [(AuthzFormat::Dockgate, yes(&says_yes)), (AuthzFormat::Opa, yes(&result(says_yes)))]
    {
        let read = with_request(|request| format.read(bytes, request, noon(), "the hook"));
        let Ok(Decision::Allow(granted)) = read.map(|reply| reply.decision) else { continue };
        assert!(says, "{format:?} grants by {}", String::from_utf8_lossy(bytes));
        let delete: ActionSet = ["delete"].into_iter().collect();
        assert!(granted.actions.grant(&delete).is_empty(), "it was not asked");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_allow(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        hold(&bytes);
    }

    #[test]
    fn no_document_allows_but_one_that_says_so(document in prop_oneof![document(), nearly()]) {
        hold(document.to_string().as_bytes());
    }

    #[test]
    fn no_part_of_a_document_is_one(document in nearly(), cut in 1_usize..40) {
        let text = document.to_string();
        let end = text.floor_char_boundary(text.len().saturating_sub(cut));
        hold(&text.as_bytes()[..end]);
    }
}
