//! The contract, for both protocols and both questions.

use dockgate_api::{Identity, Resource};
use dockgate_testkit::authenticator::{self, Anonymous, Person, Reload, Unknown};
use dockgate_testkit::authorizer::{self, Allowed, Case, NotMine};

use super::Script;

/// Knows alice and the anonymous account.
const PLAIN_AUTH: &str = r#"IFS= read -r line || :
case "$line" in
    "alice right horse battery staple") echo '{"labels": {"groups": ["dev"]}}' ;;
    "alice "*) exit 1 ;;
    " ") ;;
    " "*) exit 1 ;;
    *) exit 2 ;;
esac"#;

/// The document is one line, and what stands in quotes there is nobody's to forge: quotes within are escaped.
const JSON_AUTH: &str = r#"IFS= read -r asked
case "$asked" in
    *'"account":"alice","password":"right horse battery staple"'*)
        echo '{"decision": "allow", "labels": {"groups": ["dev"]}}' ;;
    *'"account":"","password":""'*) echo '{"decision": "allow"}' ;;
    *'"account":"alice"'* | *'"account":""'*) echo '{"decision": "deny"}' ;;
    *) echo '{"decision": "no_match"}'; exit 2 ;;
esac"#;

const PLAIN_AUTHZ: &str = r#"IFS= read -r asked || :
case "$asked" in
    *'"Account":"alice"'*'"Name":"team/app"'*) exit 0 ;;
    *) exit 1 ;;
esac"#;

const JSON_AUTHZ: &str = r#"IFS= read -r asked
case "$asked" in
    *'"account":"alice"'*'"name":"team/app"},"actions":['*'"pull"'*) echo '{"actions": ["pull"]}' ;;
    *'"account":"alice"'*'"name":"team/app"}'*) echo '{"actions": []}' ;;
    *'"account":"alice"'*) echo '{"decision": "no_match"}' ;;
    *) echo '{"decision": "deny", "reason": "alice alone"}' ;;
esac"#;

/// The same as the two with documents, question after question.
const WORKER: &str = r#"#!/usr/bin/env python3
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    answer = {"id": asked["id"]}
    if asked["question"] == "authenticate":
        who = asked["account"], asked["password"]
        if who in (("alice", "right horse battery staple"), ("", "")):
            answer["decision"] = "allow"
        else:
            answer["decision"] = "deny" if who[0] in ("alice", "") else "no_match"
    elif asked["identity"]["account"] != "alice":
        answer["decision"] = "deny"
    elif asked["resource"]["name"] == "team/app":
        answer["actions"] = [action for action in asked["actions"] if action == "pull"]
    else:
        answer["decision"] = "no_match"
    print(json.dumps(answer), flush=True)
"#;

fn people(anonymous: Anonymous) -> authenticator::Fixture {
    authenticator::Fixture {
        known: Person::new("alice", "right horse battery staple"),
        canonical: "alice".into(),
        unknown: Unknown::NoMatch("mallory".into()),
        anonymous,
        reload: Reload::NotSupported("a program is asked with a password"),
    }
}

fn case(account: &str, name: &str) -> Case {
    Case::new(Identity::new(account), Resource::repository(name), &["pull", "push"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_with_exit_codes_keeps_the_contract_for_who() {
    let program = Script::sh(PLAIN_AUTH);
    authenticator::conformance(program.authenticator(), people(Anonymous::Allowed)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_with_documents_keeps_the_contract_for_who() {
    let program = Script::sh(JSON_AUTH).json();
    authenticator::conformance(program.authenticator(), people(Anonymous::Allowed)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remembering_program_keeps_the_contract_for_who() {
    let program = Script::sh(JSON_AUTH).json();
    let program = program.with("cache", serde_json::json!({"ttl": "1m", "negative_ttl": "1m"}));
    authenticator::conformance(program.authenticator(), people(Anonymous::Allowed)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_with_exit_codes_keeps_the_contract_for_what() {
    let fixture = authorizer::Fixture {
        allowed: Allowed::new(case("alice", "team/app"), &["pull", "push"]),
        denied: case("bob", "team/app"),
        not_mine: NotMine::DecidesEverything("exit codes 0 and 1 are all there is"),
    };
    authorizer::conformance(Script::sh(PLAIN_AUTHZ).authorizer(), fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_with_documents_keeps_the_contract_for_what() {
    let fixture = authorizer::Fixture {
        allowed: Allowed::new(case("alice", "team/app"), &["pull"]),
        denied: case("bob", "team/app"),
        not_mine: NotMine::Request(Box::new(case("alice", "elsewhere"))),
    };
    authorizer::conformance(Script::sh(JSON_AUTHZ).json().authorizer(), fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_keep_the_contract_for_who() {
    let workers = Script::new(WORKER).with("protocol", "lines");
    authenticator::conformance(workers.authenticator(), people(Anonymous::Allowed)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_keep_the_contract_for_what() {
    let fixture = authorizer::Fixture {
        allowed: Allowed::new(case("alice", "team/app"), &["pull"]),
        denied: case("bob", "team/app"),
        not_mine: NotMine::Request(Box::new(case("alice", "elsewhere"))),
    };
    let workers = Script::new(WORKER).with("protocol", "lines");
    authorizer::conformance(workers.authorizer(), fixture).await;
}
