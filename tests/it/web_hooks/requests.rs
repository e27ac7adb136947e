//! What a hook gets to see.

use std::time::UNIX_EPOCH;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dockgate_api::{AccessRequest, ActionSet, Credential, Identity, LabelValue, Labels, Login, Resource};
use dockgate_testkit::fakes::noon;
use serde_json::{Value, json};

use super::Bench;
use super::formats::{RIGHT, authn, authz};

const KEY: [u8; 32] = [7; 32];

fn login(account: &str) -> Login {
    Login::new(account, Credential::password(RIGHT))
        .from_ip(Some("192.0.2.1".parse().unwrap()))
        .for_service("r")
}

#[test]
fn the_document_comes_as_json_with_a_token_and_a_signature() {
    let (hook, section) = authn("dockgate");
    let key = format!("whsec_{}", STANDARD.encode(KEY));
    let section = section.replace('}', &format!(", bearer_token: a-token, signing_key: \"{key}\"}}"));
    let bench = Bench::new();
    let backend = bench.authn(&section);
    for _ in 0..2 {
        let answer = bench.runtime.block_on(backend.authenticate(&bench.world.call(), &login("alice")));
        assert!(answer.unwrap().allowed().is_some());
    }
    let asked = hook.asked();
    let first = &asked[0];
    assert!(first.head.starts_with("POST /decide HTTP/1.1\r\n"), "{first:?}");
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(first.header("accept"), Some("application/json"));
    assert_eq!(first.header("authorization"), Some("Bearer a-token"));
    let expected = json!({
        "version": 1, "question": "authenticate", "account": "alice", "password": RIGHT,
        "client_ip": "192.0.2.1", "service": "r",
    });
    assert_eq!(first.json(), expected);

    let (id, time) = (first.header("webhook-id").unwrap(), first.header("webhook-timestamp").unwrap());
    assert!(id.len() == 32 && Some(id) != asked[1].header("webhook-id"), "{asked:?}");
    assert_eq!(time, noon().duration_since(UNIX_EPOCH).unwrap().as_secs().to_string());
    let signature = first.header("webhook-signature").unwrap().strip_prefix("v1,").unwrap();
    let signed = format!("{id}.{time}.{}", first.body);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &KEY);
    hmac::verify(&key, signed.as_bytes(), &STANDARD.decode(signature).unwrap()).unwrap();
}

#[test]
fn nobody_without_a_password_is_asked_about() {
    let (hook, section) = authn("dockgate");
    let bench = Bench::new();
    let backend = bench.authn(&section);
    for login in [
        Login::new("alice", Credential::password("")),
        Login::new("alice", Credential::None),
        Login::new("", Credential::password(RIGHT)),
        Login::new("alice", Credential::Bearer(RIGHT.into())),
    ] {
        let answer = bench.runtime.block_on(backend.authenticate(&bench.world.call(), &login));
        assert_eq!(answer, Ok(dockgate_api::Decision::NoMatch));
    }
    assert!(!backend.answers_without_proof("") && !backend.can_reload());
    assert_eq!(hook.asked().len(), 0);
}

fn reviews(identity: &Identity, resource: &Resource, actions: &[&str]) -> Vec<Value> {
    let (hook, section) = authz("subject_access_review");
    let bench = Bench::new();
    let backend = bench.authz(&section);
    let actions: ActionSet = actions.iter().copied().collect();
    let request = AccessRequest::new(identity, "registry.example.com", resource, &actions);
    let request = request.from_ip(Some("2001:db8::1".parse().unwrap()));
    let answer = bench.runtime.block_on(backend.authorize(&bench.world.call(), &request));
    assert!(answer.is_ok(), "{answer:?}");
    let mut asked: Vec<Value> = hook.asked().iter().map(super::hook::Asked::json).collect();
    asked.sort_by_key(|review| review["spec"]["nonResourceAttributes"]["verb"].to_string());
    asked
}

#[test]
fn each_action_is_a_review_of_its_own() {
    let mut labels = Labels::new();
    labels.add("groups", LabelValue::Literal("dev".to_owned()));
    let mut identity = Identity::new("alice").with_labels(labels);
    identity.link = "corp".into();
    let asked = reviews(&identity, &Resource::repository("team/app"), &["pull", "push"]);
    let review = |verb: &str| {
        json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": "alice",
                "groups": ["dev"],
                "extra": {
                    "dockgate/client-ip": ["2001:db8::1"],
                    "dockgate/link": ["corp"],
                    "dockgate/service": ["registry.example.com"],
                },
                "nonResourceAttributes": {"path": "/repository/team/app", "verb": verb},
            },
        })
    };
    assert_eq!(asked, [review("pull"), review("push")]);

    let asked = reviews(&Identity::new(""), &Resource::repository("a").with_class("plugin"), &["pull"]);
    assert_eq!(asked[0]["spec"]["user"], "system:anonymous");
    assert_eq!(asked[0]["spec"]["groups"], json!(["system:unauthenticated"]));
    assert_eq!(asked[0]["spec"]["nonResourceAttributes"]["path"], "/repository(plugin)/a");
}

#[test]
fn reviews_have_a_bound_and_a_path_has_one_meaning() {
    let many: Vec<String> = (0..17).map(|number| format!("action{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let alice = Identity::new("alice");
    assert_eq!(reviews(&alice, &Resource::repository("a"), &many).len(), 0);
    assert_eq!(reviews(&alice, &Resource::repository("a"), &many[..16]).len(), 16);
    assert_eq!(reviews(&alice, &Resource::new("repository/team", "app"), &["pull"]).len(), 0);
    assert_eq!(reviews(&alice, &Resource::repository("a"), &[]).len(), 0);
}
