//! Kubernetes' reviews.

use dockgate_api::{Decision, LabelValue};
use dockgate_testkit::fakes::noon;
use serde_json::json;

use super::*;

fn review(status: &Value) -> String {
    json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "metadata": {"creationTimestamp": null},
        "spec": {"token": TOKEN, "audiences": ["dockgate"]},
        "status": status,
    })
    .to_string()
}

fn read(answer: &str, account: &str) -> Result<Decision<Identity>, String> {
    let login = Login::new(account, Credential::password(TOKEN));
    token_review().read(answer.as_bytes(), &login, noon()).map(|reply| reply.decision)
}

fn good() -> Value {
    json!({
        "authenticated": true,
        "user": {
            "username": "alice",
            "uid": "0-1-2",
            "groups": ["dev", "system:authenticated"],
            "extra": {"authentication.kubernetes.io/pod-name": ["a"]},
        },
        "audiences": ["elsewhere", "registry"],
    })
}

/// The good status with something else in a place.
fn with(place: &str, value: Value) -> String {
    let mut status = good();
    *status.pointer_mut(place).unwrap() = value;
    review(&status)
}

#[test]
fn the_password_is_the_token() {
    let expected = json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": TOKEN, "audiences": ["dockgate", "registry"]},
    });
    assert_eq!(asked(&token_review()), expected);
}

#[test]
fn the_user_is_whom_the_token_names() {
    for account in ["alice", "token"] {
        let identity = read(&review(&good()), account).unwrap().allowed().unwrap();
        assert_eq!((identity.account.as_str(), identity.subject.as_str()), ("alice", "0-1-2"));
        let groups = ["dev", "system:authenticated"].map(|group| LabelValue::Literal(group.to_owned()));
        assert_eq!(identity.labels.values("groups"), groups);
    }
    let identity = read(&with("/user/uid", json!("")), "alice").unwrap().allowed().unwrap();
    assert_eq!(identity.subject, "alice");
    // A bearer token need not claim an account.
    let login = Login::new("", Credential::Bearer(TOKEN.into()));
    let read = token_review().read(review(&good()).as_bytes(), &login, noon()).unwrap();
    assert_eq!(read.decision.allowed().unwrap().account, "alice");
}

#[test]
fn somebody_elses_token_is_refused() {
    for account in ["bob", "Alice", "alice ", "anonymous"] {
        assert!(matches!(read(&review(&good()), account), Ok(Decision::Deny(_))), "{account}");
    }
}

#[test]
fn a_token_that_is_not_authenticated_is_refused_whatever_is_said_of_it() {
    for status in [
        json!({"authenticated": false}),
        json!({}),
        json!({"error": "[invalid bearer token, token lookup failed]", "user": {}}),
        json!({"authenticated": false, "user": {"username": "alice"}, "audiences": ["dockgate"]}),
    ] {
        let answer = read(&review(&status), "alice");
        let Ok(Decision::Deny(reason)) = answer else { panic!("{status}: {answer:?}") };
        assert!(!reason.detail.is_empty());
    }
}

#[test]
fn what_does_not_add_up_is_an_error() {
    let mut no_audiences = good();
    no_audiences.as_object_mut().unwrap().remove("audiences");
    let mut with_error = good();
    with_error["error"] = json!("token lookup failed");
    let other_kind = review(&good()).replace("\"TokenReview\"", "\"SubjectAccessReview\"");
    let other_version = review(&good()).replace("k8s.io/v1", "k8s.io/v1beta1");
    for answer in [
        review(&no_audiences),
        review(&with_error),
        with("/audiences", json!([])),
        with("/audiences", json!(["elsewhere"])),
        with("/audiences", json!("dockgate")),
        with("/authenticated", json!("true")),
        with("/authenticated", json!(1)),
        with("/authenticated", json!(null)),
        with("/user/username", json!("")),
        with("/user/username", json!("a\nb")),
        with("/user", json!({})),
        review(&Value::Null),
        // Lists in place of objects.
        review(&json!([true, {"username": "alice"}, ["dockgate"], ""])),
        with("/user", json!(["alice", "u", []])),
        other_kind,
        other_version,
        review(&good()).replace("\"authenticated\":true", "\"authenticated\":false,\"authenticated\":true"),
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure"}).to_string(),
        json!({"status": good()}).to_string(),
        "{}".to_owned(),
        String::new(),
    ] {
        for account in ["alice", "bob"] {
            assert!(read(&answer, account).is_err(), "{answer}");
        }
    }
}
