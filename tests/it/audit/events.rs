//! What stands in a line.

use std::path::Path;

use serde_json::{Value, json};

use super::lines;
use crate::support::{ALICE, Ask, BOB, Setup, TestServer, users};

/// Whom several backends know, for rules of every kind.
pub(super) fn chains(file: &Path) -> String {
    format!(
        "audit: {{to: \"{}\"}}
authn:
- users: {}
- script_authn: {{says: allow, as: renamed, subject: entry-7, knows: [moved]}}
  name: directory
- script_authn: {{says: unavailable, knows: [far], detail: \"ldaps://dc7\"}}
  name: far
authz:
- acl:
  - {{match: {{account: alice, name: \"web/*\"}}, actions: [pull], comment: \"the web's \\\"own\\\"\\n\"}}
  - {{match: {{account: alice, name: \"none/*\"}}, actions: []}}
- script_authz: {{says: deny, name: denied, detail: \"not today\"}}
  name: script",
        file.display(),
        users("\"\": {}")
    )
}

/// Everything of a line but what differs from run to run.
fn settled(mut line: Value) -> Value {
    let fields = line.as_object_mut().unwrap();
    for id in ["request_id", "jti"] {
        if let Some(value) = fields.remove(id) {
            assert!(value.as_str().unwrap().len() >= 16, "{value}");
        }
    }
    line
}

#[test]
fn a_token_with_all_that_led_to_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit.log");
    let server = TestServer::new(&chains(&file));
    let ask = Ask::auth().query("client_id", "docker \"x\"\n").basic(ALICE);
    let scopes = "repository:web/a:pull,push repository(plugin):none/b:pull repository:denied:pull \
                  registry:catalog:* web/a:pull";
    let token = server.token(&ask.scope(scopes));
    let [line] = &lines(&file, 1)[..] else { panic!() };
    assert_eq!(line["jti"].as_str(), token.claims["jti"].as_str());
    assert_eq!(line["exp"], token.claims["exp"]);
    let granted =
        |name: &str, actions: Value| json!({"type": "repository", "name": name, "actions": actions});
    let with = |mut object: Value, more: Value| {
        let fields = object.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        object
    };
    let rule = |line: u32| json!({"link": "acl", "rule": format!("test.yml:{line}")});
    let first =
        with(with(granted("web/a", json!(["pull"])), rule(17)), json!({"comment": "the web's \"own\"\n"}));
    let plugin = json!({"class": "plugin"});
    let expected = json!({
        "time": "2026-01-01T12:00:00.000000Z",
        "event": "token",
        "account": "alice",
        "backend": "users",
        "client": "127.0.0.1",
        "client_id": "docker \"x\"\n",
        "service": "test-service",
        "asked": [
            granted("web/a", json!(["pull", "push"])),
            with(granted("none/b", json!(["pull"])), plugin.clone()),
            granted("denied", json!(["pull"])),
            {"type": "registry", "name": "catalog", "actions": ["*"]},
        ],
        "unreadable": ["web/a:pull"],
        "granted": [
            first,
            with(with(granted("none/b", json!([])), plugin), rule(18)),
            with(granted("denied", json!([])), json!({"link": "script", "reason": "forbidden", "detail": "not today"})),
            {"type": "registry", "name": "catalog", "actions": [], "reason": "no_rule"},
        ],
        "exp": line["exp"],
        "expires_in": 900,
        "reused": false,
        "config": line["config"],
    });
    assert_eq!(settled(line.clone()), expected);
}

#[test]
fn a_subject_that_is_not_the_account() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit.log");
    let server = TestServer::new(&chains(&file));
    server.token(&Ask::auth().basic(("moved", "x")).from(None));
    let line = &lines(&file, 1)[0];
    assert_eq!(
        (&line["account"], &line["subject"], &line["backend"], &line["client"]),
        (&json!("renamed"), &json!("entry-7"), &json!("directory"), &Value::Null)
    );
}

#[test]
fn whoever_gets_nothing_has_a_line_too_and_one() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit.log");
    let setup = Setup::new(chains(&file))
        .server("limits: {body: 1024}")
        .token("other_services: refuse\nservices: {test-service: {}}");
    let server = TestServer::of(setup);
    let form = |fields: &[(&str, &str)]| Ask::post(fields);
    for (number, (ask, status, event, reason)) in [
        (Ask::auth().basic((ALICE.0, "wrong")), 401, "refused", "bad_credentials"),
        (Ask::auth().basic(("mallory", "x")), 401, "refused", "unknown_account"),
        (Ask::auth().basic(("", "x")), 401, "refused", "bad_credentials"),
        (Ask::auth_for("canary").basic(ALICE), 400, "refused", "unknown_service"),
        (Ask::auth().basic(("far", "x")), 503, "error", "unavailable"),
        (Ask::auth().header("authorization", "Bearer canary-token"), 401, "refused", "no_proof"),
        (Ask::auth().header("authorization", "Basic !"), 400, "refused", "malformed"),
        (Ask::auth().scope(&"repository:a:pull ".repeat(200)), 400, "refused", "malformed"),
        (Ask::auth().basic(("a\u{1b}[31m", "x")), 400, "refused", "malformed"),
        (Ask::auth().query("account", "bob").basic(ALICE), 400, "refused", "malformed"),
        (form(&[("grant_type", "refresh_token"), ("service", "test-service")]), 400, "refused", "malformed"),
        (
            form(&[("grant_type", "refresh_token"), ("refresh_token", "canary-token")]),
            401,
            "refused",
            "no_proof",
        ),
        (form(&[("grant_type", "x")]), 400, "refused", "malformed"),
        (form(&[("grant_type", "password")]), 400, "refused", "malformed"),
        (form(&[("username", &"x".repeat(2000))]), 413, "refused", "too_large"),
        (
            Ask::new("POST", "/auth").header("content-type", "text/plain").body("a"),
            400,
            "refused",
            "malformed",
        ),
        (Ask::auth().basic(BOB), 200, "token", ""),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(server.ask(&ask).status, status, "{ask:?}");
        let lines = lines(&file, number + 1);
        let line = lines.last().unwrap();
        let said = (line["event"].as_str(), line["reason"].as_str().unwrap_or_default());
        assert_eq!(said, (Some(event), reason), "{ask:?} {line}");
        assert!(event == "token" || !line["detail"].as_str().unwrap().is_empty(), "{line}");
        assert_eq!(line["request_id"].as_str().map(str::len), Some(16), "{line}");
        assert!(!line.to_string().contains("canary-token"), "{line}");
    }
}

#[test]
fn what_a_client_chose_is_bounded_and_forges_no_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit.log");
    let server = TestServer::new(&chains(&file));
    let hostile = "\"}\n{\"event\":\"token\",\"account\":\"root\"}\r\u{2028}\u{202e}\\";
    let long = "é".repeat(5_000);
    for (number, ask) in [
        Ask::auth().query("client_id", hostile).scope(&format!("repository:{hostile}:pull")),
        Ask::auth().query("client_id", &long).query("account", &long),
        Ask::auth_for(&long).query("client_id", &long),
        Ask::auth_for(hostile),
        Ask::auth().basic((&long[..9_000], "x")),
        Ask::auth().basic((hostile, "x")),
        Ask::auth().scope(&"é".repeat(8_000)).scope(hostile),
        Ask::auth().scope(&vec!["x"; 90].join(" ")),
    ]
    .iter()
    .enumerate()
    {
        server.ask(ask);
        let lines = lines(&file, number + 1);
        let text = lines.last().unwrap().to_string();
        assert!(text.len() < 8_000, "{} bytes", text.len());
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let turns = |c: char| (c.is_control() && c != '\n') || "\u{2028}\u{202e}".contains(c);
    assert!(!text.contains(turns), "{text}");
}

#[test]
fn a_token_that_is_handed_out_again_is_another_event_with_the_same_id() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit.log");
    let server = TestServer::of(Setup::new(chains(&file)).token("reuse: 5s"));
    (0..2).for_each(|_| _ = server.token(&Ask::auth().basic(ALICE)));
    let lines = lines(&file, 2);
    assert_eq!(lines[0]["jti"], lines[1]["jti"]);
    assert_eq!((&lines[0]["reused"], &lines[1]["reused"]), (&json!(false), &json!(true)));
    assert_ne!(lines[0]["request_id"], lines[1]["request_id"]);
    let text = server.metrics.text();
    assert!(
        text.contains("dockgate_tokens_signed_total 1\n")
            && text.contains("dockgate_tokens_reused_total 1\n")
    );
}
