//! Nobody in particular.

use crate::support::{ALICE, Ask, TestServer, users};

const ACL: &str =
    "acl: [{match: {account: ''}, actions: [pull]}, {match: {account: '/.+/'}, actions: ['*']}]";

fn open() -> TestServer {
    TestServer::new(&format!("users: {}\n{ACL}", users("\"\": {}")))
}

fn closed() -> TestServer {
    TestServer::new(&format!("users: {}\n{ACL}", users("")))
}

/// Ways to ask without proof of anything.
fn asks() -> Vec<Ask> {
    vec![
        Ask::auth(),
        Ask::auth().query("account", "alice"),
        Ask::auth().query("account", ""),
        Ask::auth().basic(("", "")),
        Ask::post(&[]),
        Ask::post(&[("service", "test-service")]),
        Ask::post(&[("username", ""), ("password", "")]),
        Ask::new("POST", "/auth"),
    ]
}

#[test]
fn where_it_is_allowed_it_gets_what_it_may_do() {
    let server = open();
    for ask in asks() {
        let token = server.token(&ask);
        assert_eq!((token.account(), token.access().len()), ("", 0), "{ask:?}");
        let token = server.token(&ask.scope("repository:a:pull,push"));
        assert_eq!((token.account(), token.access()), ("", vec!["repository:a:pull".to_owned()]));
    }
}

#[test]
fn where_it_is_not_it_is_asked_for_credentials() {
    let server = closed();
    for ask in asks() {
        for ask in [ask.clone(), ask.scope("repository:a:pull")] {
            let answer = server.ask(&ask);
            assert_eq!(answer.error(401, "UNAUTHORIZED"), "invalid_grant", "{ask:?}");
            assert_eq!(answer.header("www-authenticate"), "Basic realm=\"test-issuer\"");
        }
    }
}

#[test]
fn whoever_fails_to_prove_a_name_is_not_anonymous() {
    let server = open();
    let wrong = [
        Ask::auth().basic(("alice", "wrong")),
        Ask::auth().basic(("alice", "")),
        Ask::auth().basic(("nobody", "anything")),
        Ask::auth().basic(("", "a password without a name")),
        Ask::auth().header("authorization", "Bearer abc"),
        Ask::auth().header("authorization", "Digest username=alice"),
        Ask::post(&[("username", "alice"), ("password", "wrong")]),
        Ask::post(&[("grant_type", "password"), ("username", "alice"), ("password", "wrong")]),
        Ask::post(&[("username", "alice")]),
        Ask::post(&[("username", "alice"), ("password", "")]),
        Ask::post(&[("username", ""), ("password", "a password without a name")]),
        Ask::post(&[("grant_type", "refresh_token"), ("refresh_token", "abc")]),
    ];
    for ask in wrong {
        let ask = ask.scope("repository:a:pull");
        let answer = server.ask(&ask);
        assert_eq!(answer.error(401, "UNAUTHORIZED"), "invalid_grant", "{ask:?}");
    }
}

#[test]
fn a_form_with_a_password_and_no_name_is_no_anonymous_request() {
    let answer = open().ask(&Ask::post(&[("password", ALICE.1)]).scope("repository:a:pull"));
    assert!([400, 401].contains(&answer.status), "{}", answer.text());
}

#[test]
fn an_empty_name_satisfies_no_variable() {
    let acl = "acl:
- {match: {name: '${account}*'}, actions: [pull]}
- {match: {name: '/^${account}/'}, actions: [push]}";
    let server = TestServer::new(&format!("users: {}\n{acl}", users("\"\": {}")));
    let scope = "repository:alice-app:pull,push";
    assert_eq!(server.token(&Ask::auth().scope(scope)).access(), ["repository:alice-app:"]);
    assert_eq!(server.token(&Ask::auth().basic(ALICE).scope(scope)).access(), ["repository:alice-app:pull"]);
}
