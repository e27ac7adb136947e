//! What counts, and how often.

use std::time::Duration;

use super::{HERE, fail, from, login, server};
use crate::support::{ALICE, Ask, TestServer, basic};

/// One line of the recording of real clients, sent again with a password.
fn recorded(line: usize, password: &str) -> Ask {
    let text = include_str!("../../data/client_requests.jsonl").lines().nth(line - 1).unwrap();
    let recorded: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(recorded["client"], "ctr-containerd");
    assert_eq!(recorded["operation"], "bad password");
    let path = recorded["path"].as_str().unwrap();
    let mut ask = Ask::new(recorded["method"].as_str().unwrap(), path).from(from(HERE));
    if let Some(query) = recorded["query"].as_str().filter(|query| !query.is_empty()) {
        ask = ask.raw_query(query);
    }
    for (name, value) in recorded["headers"].as_object().unwrap() {
        let value = match name.as_str() {
            "Authorization" => basic("alice", password),
            "Content-Length" => continue,
            _ => value.as_str().unwrap().to_owned(),
        };
        ask = ask.header(name, &value);
    }
    match recorded["body"].as_str() {
        Some(body) => {
            let password: String = form_urlencoded::byte_serialize(password.as_bytes()).collect();
            ask.body(body.replace("password=***", &format!("password={password}")))
        }
        None => ask,
    }
}

fn failures(server: &TestServer) -> u64 {
    let text = server.metrics.text();
    let line = text.lines().find_map(|line| line.strip_prefix("dockgate_lockout_failures_total "));
    line.unwrap().parse().unwrap()
}

/// containerd POSTs, and GETs when that fails: with one wrong password that is one guess, and the chain is asked once.
#[test]
fn the_pair_of_requests_that_containerd_sends_counts_once() {
    let server = server("");
    for attempt in 1..=4_u64 {
        let password = format!("wrong {attempt}");
        for line in [127, 128] {
            let answer = server.ask(&recorded(line, &password));
            assert_eq!(answer.error(401, "UNAUTHORIZED"), "invalid_grant", "line {line}");
        }
        assert_eq!(failures(&server), attempt);
    }
    assert!(server.metrics.text().contains("dockgate_lockout_repeats_total 4\n"));
    for line in [127, 128] {
        assert_eq!(server.ask(&recorded(line, ALICE.1)).status, 200, "four failures are none too many");
    }
}

#[test]
fn the_chain_is_asked_once_about_the_same_wrong_password() {
    let chains = "authn: [{script_authn: {says: deny}}]\nauthz: [{acl: []}]";
    let server = TestServer::new(chains);
    let asked = |server: &TestServer| {
        let text = server.metrics.text();
        let lines = text
            .lines()
            .filter(|line| line.starts_with("dockgate_decisions_total{") && line.contains("chain=\"authn\""));
        lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum::<u64>()
    };
    for _ in 0..10 {
        assert_eq!(login(&server, "alice", "wrong", HERE).status, 401);
    }
    assert_eq!(asked(&server), 1, "{}", server.metrics.text());
    server.clock.turn(Duration::from_secs(10));
    assert_eq!(login(&server, "alice", "wrong", HERE).status, 401);
    assert_eq!(asked(&server), 2);
}

#[test]
fn thresholds_are_as_the_configuration_says() {
    let server =
        server(", pair: {failures: 2, within: 10s, ban: 30s}, address: {failures: 5, within: 1m, ban: 2m}");
    fail(&server, "alice", HERE, 1);
    server.clock.turn(Duration::from_secs(10));
    fail(&server, "alice", HERE, 1);
    assert_eq!(login(&server, ALICE.0, ALICE.1, HERE).status, 200);
    fail(&server, "bob", HERE, 2);
    assert_eq!(login(&server, "bob", "x", HERE).header("retry-after"), "30");
    fail(&server, "carol", HERE, 1);
    assert_eq!(login(&server, ALICE.0, ALICE.1, HERE).header("retry-after"), "120", "the fifth from there");
}

#[test]
fn a_login_that_cannot_be_a_guess_counts_nothing() {
    let server = server(", pair: {failures: 1}, address: {failures: 1}");
    let too_long = "p".repeat(9000);
    for ask in [
        Ask::auth().basic(("", "secret")),
        Ask::auth().basic(("alice", "")),
        Ask::auth().basic(("alice", &too_long)),
        Ask::auth().header("authorization", "Bearer abc"),
        Ask::post(&[("grant_type", "refresh_token"), ("service", "test-service"), ("refresh_token", "x")]),
    ] {
        let answer = server.ask(&ask.clone().from(from(HERE)));
        assert_eq!(answer.status, 401, "{ask:?}");
    }
    assert_eq!(failures(&server), 0);
    assert_eq!(login(&server, ALICE.0, ALICE.1, HERE).status, 200);
}
