//! Backends that cannot answer: 503, and none of their words.

use std::time::{Duration, Instant};

use crate::support::{ALICE, Ask, Setup, TestServer, users};

/// What only the log may say.
const DETAIL: &str = "ldaps://dc7.internal:636 bind cn=svc";

fn authn(script: &str) -> String {
    format!("authn: [{{script_authn: {{{script}, detail: \"{DETAIL}\"}}}}]\nauthz: [{{acl: []}}]")
}

fn authz(script: &str) -> String {
    let users = users("\"\": {}");
    format!(
        "authn: [{{users: {users}}}]
authz:
- script_authz: {{{script}, detail: \"{DETAIL}\"}}
- acl: [{{match: {{}}, actions: ['*']}}]"
    )
}

fn asks() -> [Ask; 2] {
    let scope = "repository:a:pull";
    [
        Ask::auth().basic(ALICE).scope(scope),
        Ask::post(&[("username", ALICE.0), ("password", ALICE.1), ("scope", scope)]),
    ]
}

#[test]
fn every_error_is_503_with_a_time_to_come_back() {
    for (says, seconds) in [("unavailable", "5"), ("timeout", "5"), ("protocol", "5"), ("overloaded", "17")] {
        for chains in [authn(&format!("says: {says}")), authz(&format!("says: {says}"))] {
            let server = TestServer::new(&chains);
            for ask in asks() {
                let answer = server.ask(&ask);
                assert_eq!(answer.error(503, "UNAVAILABLE"), "temporarily_unavailable", "{chains}");
                assert_eq!(answer.header("retry-after"), seconds);
                for word in ["ldaps", "dc7", "svc", "backend", "link"] {
                    assert!(!answer.text().contains(word), "{}", answer.text());
                }
            }
        }
    }
}

#[test]
fn one_scope_that_cannot_be_decided_fails_the_whole_request() {
    let server = TestServer::new(&authz("says: unavailable, name: broken"));
    let ask = Ask::auth().basic(ALICE).scope("repository:fine:pull");
    assert_eq!(server.token(&ask).access(), ["repository:fine:pull"]);
    for scope in ["repository:broken:pull", "repository:broken:"] {
        server.ask(&ask.clone().scope(scope)).error(503, "UNAVAILABLE");
    }
}

#[test]
fn a_refusal_is_not_an_error_and_not_told_apart() {
    let denied = TestServer::new(&authn("says: deny"));
    let unknown = TestServer::new(&authn("says: no_match"));
    for ask in asks() {
        let answers = [&denied, &unknown].map(|server| server.ask(&ask));
        for answer in &answers {
            assert_eq!(answer.error(401, "UNAUTHORIZED"), "invalid_grant");
        }
        assert_eq!(answers[0].body, answers[1].body);
        assert!(!answers[0].text().contains("ldaps"));
    }
    let refused = TestServer::new(&authz("says: deny"));
    assert_eq!(refused.token(&asks()[0]).access(), ["repository:a:"]);
}

#[test]
fn a_backend_that_hangs_is_given_up_at_its_timeout() {
    let begun = Instant::now();
    let authn = "authn: [{script_authn: {says: hangs}, timeout: 50ms}]\nauthz: [{acl: []}]".to_owned();
    let authz = format!(
        "authn: [{{users: {}}}]\nauthz: [{{script_authz: {{says: hangs}}, timeout: 50ms}}]",
        users("")
    );
    for chains in [authn, authz] {
        let server = TestServer::of(Setup::new(chains).server("limits: {request_timeout: 10m}"));
        server.ask(&asks()[0]).error(503, "UNAVAILABLE");
    }
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn and_at_the_end_of_the_request_in_any_case() {
    let begun = Instant::now();
    let chains = "authn: [{script_authn: {says: hangs}}]\nauthz: [{acl: []}]";
    let server = TestServer::of(Setup::new(chains).server("limits: {request_timeout: 50ms}"));
    server.ask(&asks()[0]).error(503, "UNAVAILABLE");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn others_are_served_while_somebody_gets_503() {
    let server = TestServer::new(&format!(
        "authn: [{{script_authn: {{says: unavailable, knows: [carol]}}}}, {{users: {}}}]\n\
         authz: [{{acl: []}}]",
        users("")
    ));
    for _ in 0..3 {
        server.ask(&Ask::auth().basic(("carol", "x"))).error(503, "UNAVAILABLE");
        assert_eq!(server.token(&Ask::auth().basic(ALICE)).account(), "alice");
        server.ask(&Ask::auth().basic(("alice", "wrong"))).error(401, "UNAUTHORIZED");
    }
}
