//! What is counted and written down.

use super::gate::{BEARER, CLIENT, MANIFEST, SECRET, gate, nginx, section, with_token};
use crate::process::{Response, Server, Site, basic, poll};
use crate::support::{ALICE, Ask, BOB, PATIENCE, TestServer};

/// How many questions came to this.
fn count(server: &TestServer, outcome: &str) -> u64 {
    let sample = format!("dockgate_gate_checks_total{{outcome=\"{outcome}\"}} ");
    let text = server.metrics.text();
    text.lines().find_map(|line| line.strip_prefix(&sample)).map_or(0, |count| count.parse().unwrap())
}

#[test]
fn every_question_is_counted_by_what_came_of_it() {
    let server = gate("preset: nginx");
    for (ask, outcome) in [
        (nginx("GET", MANIFEST).basic(ALICE), "passed"),
        (nginx("PUT", MANIFEST).basic(BOB), "denied"),
        (nginx("GET", "/v2/"), "challenged"),
        (nginx("GET", MANIFEST), "challenged"),
        (nginx("GET", MANIFEST).basic((ALICE.0, "wrong")), "bad_credentials"),
        (nginx("GET", "/v2/.."), "unreadable"),
        (nginx("GET", MANIFEST).basic(("a\u{1}", "x")), "unreadable"),
        (Ask::get("/forward-auth"), "not_the_proxy"),
    ] {
        let before = count(&server, outcome);
        server.ask(&ask);
        assert_eq!(count(&server, outcome), before + 1, "{outcome}");
    }
    assert!(server.metrics.text().contains("dockgate_gate_check_duration_seconds_count 8\n"));
}

#[test]
fn questions_with_tokens_are_counted_by_what_came_of_them() {
    let server = gate(BEARER);
    let pull = server.ask(&Ask::auth().scope("repository:team/app:pull").basic(ALICE));
    let pull = pull.json()["token"].as_str().unwrap().to_owned();
    for (ask, outcome) in [
        (with_token("GET", MANIFEST, &pull), "passed"),
        (with_token("GET", "/v2/", &pull), "passed"),
        (with_token("PUT", MANIFEST, &pull), "denied"),
        (with_token("GET", MANIFEST, &pull[..pull.len() - 2]), "bad_token"),
        (with_token("GET", "/v2/", "x"), "bad_token"),
        (with_token("GET", "/v2/..", "x"), "unreadable"),
        (with_token("GET", MANIFEST, &pull).header("authorization", "Bearer x"), "unreadable"),
        (nginx("GET", MANIFEST), "challenged"),
        (nginx("GET", MANIFEST).basic(ALICE), "challenged"),
        (nginx("GET", MANIFEST).basic((ALICE.0, "wrong")), "challenged"),
        (with_token("GET", MANIFEST, &pull).header("x-dockgate-secret", "x"), "not_the_proxy"),
    ] {
        let before = count(&server, outcome);
        server.ask(&ask);
        assert_eq!(count(&server, outcome), before + 1, "{outcome}: {ask:?}");
    }
    assert!(server.metrics.text().contains("dockgate_gate_check_duration_seconds_count 11\n"));
}

/// Alice may pull, and nobody else anything; she proves who she is with every request.
fn config(more: &str) -> String {
    config_of("preset: nginx", more)
}

fn config_of(gate: &str, more: &str) -> String {
    format!(
        "server: {{addr: \"127.0.0.1:0\"}}
token: {{issuer: a, expiration: 300, certificate: cert.pem, key: key.pem}}
{}users: {{alice: {{password: \"{}\"}}, \"\": {{}}}}
acl: [{{match: {{account: alice}}, actions: [pull]}}]
{more}
",
        section(gate),
        crate::support::hash(ALICE.1)
    )
}

fn asked(server: &Server, secret: &str, method: &str, uri: &str, password: &str) -> u16 {
    asked_with(server, secret, method, uri, &basic("alice", password)).status
}

fn asked_with(server: &Server, secret: &str, method: &str, uri: &str, authorization: &str) -> Response {
    let headers = [
        ("X-Dockgate-Secret", secret),
        ("X-Original-Method", method),
        ("X-Original-URI", uri),
        ("X-Forwarded-For", CLIENT),
        ("Authorization", authorization),
    ];
    server.address().request("GET", "/forward-auth", &headers, b"")
}

#[test]
fn the_audit_log_and_the_log_say_who_was_let_through_and_who_was_not() {
    let site = Site::with(&config("audit: {to: audit.log}"));
    let server = Server::start(&site, "auth.yml");
    let other = "f".repeat(32);
    assert_eq!(asked(&server, SECRET, "GET", MANIFEST, ALICE.1), 200);
    assert_eq!(asked(&server, SECRET, "PUT", MANIFEST, ALICE.1), 403);
    assert_eq!(asked(&server, SECRET, "GET", MANIFEST, "wrong"), 401);
    assert_eq!(asked(&server, SECRET, "GET", "/v2/..", ALICE.1), 403);
    assert_eq!(asked(&server, &other, "GET", MANIFEST, ALICE.1), 403);
    let text = || std::fs::read_to_string(site.file("audit.log")).unwrap_or_default();
    assert!(poll(PATIENCE, || (text().lines().count() >= 5).then_some(())).is_some(), "{}", text());
    let events: Vec<serde_json::Value> =
        text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |place: usize, key: &str| events[place][key].as_str().unwrap_or_default().to_owned();
    let told: Vec<[String; 4]> =
        (0..5).map(|place| ["event", "account", "client", "reason"].map(|key| of(place, key))).collect();
    assert_eq!(
        told,
        [
            ["passed", "alice", CLIENT, ""],
            ["stopped", "alice", CLIENT, ""],
            ["refused", "alice", CLIENT, "bad_credentials"],
            ["refused", "", CLIENT, "unreadable"],
            ["refused", "", "127.0.0.1", "not_the_proxy"],
        ]
    );
    assert_eq!(events[1]["asked"][0]["actions"], serde_json::json!(["pull", "push"]));
    assert_eq!(events[1]["asked"][0]["name"], "team/app");
    server.said("stopped at the gate", 1);
    let said = format!("{}{}", server.stderr(), text());
    for secret in [SECRET, &other, ALICE.1] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn what_cannot_be_written_down_does_not_pass() {
    let site = Site::with(&config("audit: {to: audit.log, required: true}"));
    let server = Server::start(&site, "auth.yml");
    assert_eq!(asked(&server, SECRET, "GET", MANIFEST, ALICE.1), 200);
    std::fs::remove_file(site.file("audit.log")).unwrap();
    std::fs::create_dir(site.file("audit.log")).unwrap();
    assert_eq!(asked(&server, SECRET, "GET", MANIFEST, ALICE.1), 503);
    std::fs::remove_dir(site.file("audit.log")).unwrap();
    assert_eq!(asked(&server, SECRET, "GET", MANIFEST, ALICE.1), 200);
}

#[test]
fn a_token_passes_nothing_that_cannot_be_written_down() {
    let site = Site::with(&config_of(BEARER, "audit: {to: audit.log, required: true}"));
    let server = Server::start(&site, "auth.yml");
    let login = basic("alice", ALICE.1);
    let tokens = "/auth?service=test-service&scope=repository:team/app:pull";
    let token = server.address().get(tokens, Some(("Authorization", &login))).token();
    let ask = |method, uri: &str| asked_with(&server, SECRET, method, uri, &format!("Bearer {token}"));
    assert_eq!([ask("GET", MANIFEST).status, ask("PUT", MANIFEST).status], [200, 401]);
    let written = std::fs::read_to_string(site.file("audit.log")).unwrap();
    assert_eq!(written.lines().count(), 3, "a token, what it passed, what it did not: {written}");
    assert!(!written.contains(&token), "{written}");
    std::fs::remove_file(site.file("audit.log")).unwrap();
    std::fs::create_dir(site.file("audit.log")).unwrap();
    for (method, uri) in [("GET", MANIFEST), ("GET", "/v2/"), ("PUT", MANIFEST)] {
        let answer = ask(method, uri);
        assert_eq!((answer.status, answer.header("x-auth-user")), (503, Some("")), "{method} {uri}");
    }
    std::fs::remove_dir(site.file("audit.log")).unwrap();
    let passed = ask("GET", MANIFEST);
    assert_eq!((passed.status, passed.header("x-auth-user")), (200, Some("alice")));
    server.said("the audit log can be written again", 1);
}
