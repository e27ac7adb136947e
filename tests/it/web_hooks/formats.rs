//! Hooks of every format, all with the same opinions: alice has one password, and may pull `team/app`; nobody may do
//! anything to `vault/**`.

use serde_json::{Value, json};

use super::hook::{Asked, Hook, Told};

pub(super) const RIGHT: &str = "a right password 1";

pub(super) const AUTHN: [&str; 3] = ["dockgate", "opa", "token_review"];
pub(super) const AUTHZ: [&str; 3] = ["dockgate", "opa", "subject_access_review"];

/// A hook, and the section of a link that asks it.
pub(super) fn authn(format: &'static str) -> (Hook, String) {
    let hook = Hook::start(move |asked| Told::Json(who(format, asked)));
    let audiences = if format == "token_review" { ", audiences: [dockgate]" } else { "" };
    let section = format!("{{url: \"{}\", format: {format}{audiences}}}", hook.url());
    (hook, section)
}

pub(super) fn authz(format: &'static str) -> (Hook, String) {
    let hook = Hook::start(move |asked| Told::Json(what(format, asked)));
    let section = format!("{{url: \"{}\", format: {format}}}", hook.url());
    (hook, section)
}

fn who(format: &str, asked: &Asked) -> Value {
    let asked = asked.json();
    match format {
        "dockgate" => login(&asked),
        "opa" => json!({"decision_id": "1", "result": login(&asked["input"])}),
        _ => {
            assert_eq!(
                (&asked["kind"], &asked["spec"]["audiences"]),
                (&json!("TokenReview"), &json!(["dockgate"]))
            );
            let status = if asked["spec"]["token"] == RIGHT {
                let user = json!({"username": "alice", "uid": "u-1", "groups": ["dev"]});
                json!({"authenticated": true, "user": user, "audiences": ["dockgate"]})
            } else {
                json!({"user": {}, "error": "[invalid bearer token, token lookup failed]"})
            };
            json!({"kind": asked["kind"], "apiVersion": asked["apiVersion"], "spec": asked["spec"], "status": status})
        }
    }
}

fn login(question: &Value) -> Value {
    assert_eq!(question["question"], "authenticate");
    match (question["account"] == "alice", question["password"] == RIGHT) {
        (true, true) => json!({"decision": "allow", "labels": {"groups": ["dev"]}}),
        // It repeats what it was told.
        (true, false) => json!({"decision": "deny", "reason": format!("not {}", question["password"])}),
        (false, _) => json!({"decision": "no_match"}),
    }
}

fn what(format: &str, asked: &Asked) -> Value {
    let asked = asked.json();
    match format {
        "dockgate" => access(&asked),
        "opa" => json!({"result": access(&asked["input"])}),
        _ => {
            let spec = &asked["spec"];
            let path = spec["nonResourceAttributes"]["path"].as_str().unwrap();
            let verb = &spec["nonResourceAttributes"]["verb"];
            let allowed = spec["user"] == "alice" && path == "/repository/team/app" && verb == "pull";
            let denied = path.starts_with("/repository/vault/");
            let status = json!({"allowed": allowed, "denied": denied, "reason": "as the cluster has it"});
            json!({"kind": asked["kind"], "apiVersion": asked["apiVersion"], "status": status})
        }
    }
}

fn access(question: &Value) -> Value {
    assert_eq!(question["question"], "authorize");
    let (name, kind) = (question["resource"]["name"].as_str().unwrap(), &question["resource"]["type"]);
    let actions = question["actions"].as_array().unwrap();
    if kind == "repository" && name.starts_with("vault/") {
        json!({"decision": "deny", "reason": "locked"})
    } else if question["identity"]["account"] == "alice" && kind == "repository" && name == "team/app" {
        let pull: Vec<&Value> = actions.iter().filter(|action| *action == "pull").collect();
        json!({"actions": pull})
    } else {
        json!({"decision": "no_match"})
    }
}
