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

const JSON_AUTH: &str = r#"#!/usr/bin/env python3
import json, sys
asked = json.load(sys.stdin)
who = asked["account"], asked["password"]
if who == ("alice", "right horse battery staple"):
    print(json.dumps({"decision": "allow", "labels": {"groups": ["dev"]}}))
elif who == ("", ""):
    print('{"decision": "allow"}')
elif who[0] in ("alice", ""):
    print('{"decision": "deny"}')
else:
    print('{"decision": "no_match"}')
    sys.exit(2)
"#;

const PLAIN_AUTHZ: &str = r#"case "$(cat)" in
    *'"Account":"alice"'*'"Name":"team/app"'*) exit 0 ;;
    *) exit 1 ;;
esac"#;

const JSON_AUTHZ: &str = r#"#!/usr/bin/env python3
import json, sys
asked = json.load(sys.stdin)
name = asked["resource"]["name"]
if asked["identity"]["account"] != "alice":
    print('{"decision": "deny", "reason": "alice alone"}')
elif name == "team/app":
    print(json.dumps({"actions": [action for action in asked["actions"] if action == "pull"]}))
else:
    print('{"decision": "no_match"}')
"#;

/// The same as the two above, question after question.
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
    let program = Script::new(JSON_AUTH).json();
    authenticator::conformance(program.authenticator(), people(Anonymous::Allowed)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remembering_program_keeps_the_contract_for_who() {
    let program = Script::new(JSON_AUTH).json();
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
    authorizer::conformance(Script::new(JSON_AUTHZ).json().authorizer(), fixture).await;
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
