//! What a token claims: exactly what registries read, and nothing else.

use std::collections::HashSet;
use std::time::{Duration, UNIX_EPOCH};

use dockgate_testkit::fakes::noon;

use crate::support::{ALICE, Ask, Setup, TestServer, names, users};

fn server() -> TestServer {
    let acl = "acl:
- {match: {name: 'team/*'}, actions: [push, pull]}
- {match: {type: registry}, actions: ['*']}";
    TestServer::new(&format!("users: {}\n{acl}", users("\"\": {}")))
}

#[test]
fn the_claims_are_these_and_no_others() {
    let server = server();
    let ask = Ask::auth().basic(ALICE).scope("repository:team/app:push,pull").scope("registry:catalog:*");
    let token = server.token(&ask);
    assert_eq!(names(&token.claims), ["access", "aud", "exp", "iat", "iss", "jti", "nbf", "sub"]);
    assert_eq!(token.claims["iss"], "test-issuer");
    assert_eq!(token.claims["sub"], "alice");
    assert_eq!(token.claims["aud"], "test-service");
    for entry in token.claims["access"].as_array().unwrap() {
        assert_eq!(names(entry), ["actions", "name", "type"]);
    }
    let now = noon().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let times = ["nbf", "iat", "exp"].map(|claim| token.number(claim));
    assert_eq!(times, [now - 10, now - 10, now + 900]);
    assert_eq!(token.expires_in(), 900);
}

#[test]
fn times_follow_the_clock_in_whole_seconds() {
    let server = server();
    server.clock.turn(Duration::from_millis(86_400_999));
    let now = noon().duration_since(UNIX_EPOCH).unwrap().as_secs() + 86_400;
    let token = server.token(&Ask::auth().basic(ALICE));
    assert_eq!(["nbf", "exp"].map(|claim| token.number(claim)), [now - 10, now + 900]);
}

#[test]
fn every_token_has_an_id_of_its_own() {
    let server = server();
    let id = |ask: &Ask| server.token(ask).claims["jti"].as_str().unwrap().to_owned();
    let asks = [Ask::auth().basic(ALICE), Ask::auth()];
    let ids: Vec<String> = (0..20).flat_map(|_| asks.iter().map(id)).collect();
    assert!(ids.iter().all(|id| id.len() >= 22), "{ids:?}");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}

#[test]
fn access_is_in_the_order_of_the_request_with_sorted_actions() {
    let server = server();
    let token = server.token(
        &Ask::auth()
            .basic(ALICE)
            .scope("repository:team/z:push,pull,delete")
            .scope("repository:elsewhere:pull")
            .scope("registry:catalog:*")
            .scope("repository(plugin):team/a:push"),
    );
    let access = [
        "repository:team/z:pull,push",
        "repository:elsewhere:",
        "registry:catalog:*",
        "repository(plugin):team/a:push",
    ];
    assert_eq!(token.access(), access);
    assert_eq!(token.claims["access"][1]["actions"], serde_json::json!([]));
    let plugin = &token.claims["access"][3];
    assert_eq!((&plugin["type"], &plugin["class"]), (&"repository".into(), &"plugin".into()));
}

#[test]
fn without_a_scope_access_is_an_empty_list() {
    let token = server().token(&Ask::auth().basic(ALICE));
    assert_eq!(token.claims["access"], serde_json::json!([]));
}

#[test]
fn the_audience_is_one_string_even_where_none_was_asked_for() {
    let server = server();
    for (ask, audience) in [
        (Ask::get("/auth"), ""),
        (Ask::get("/auth").query("service", "Registry of Docker, Inc."), "Registry of Docker, Inc."),
        (Ask::get("/auth").query("service", "first").query("service", "second"), "first"),
        (Ask::get("/auth").query("service", "r\u{e9}gistre:5000"), "r\u{e9}gistre:5000"),
    ] {
        assert_eq!(server.token(&ask.basic(ALICE)).claims["aud"], audience);
    }
}

#[test]
fn the_issuer_is_the_configured_text() {
    for issuer in ["https://auth.example.com:5001/", "Acme \"quoted\" auth server", "caf\u{e9}"] {
        let chains = format!("users: {}\nacl: []", users(""));
        let server = TestServer::of(Setup::new(chains).issuer(issuer));
        assert_eq!(server.token(&Ask::auth().basic(ALICE)).claims["iss"], issuer);
    }
}
