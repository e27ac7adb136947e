//! `token.reuse`: a signed token is handed out again, and nothing else is.

use std::time::Duration;

use crate::support::{ALICE, Ask, BOB, Setup, TestServer, users};

const SCOPE: &str = "repository:team/app:pull,push";

fn server(token: &str, acl: &str) -> TestServer {
    TestServer::of(Setup::new(format!("users: {}\nacl: [{acl}]", users("\"\": {}"))).token(token))
}

fn ask() -> Ask {
    Ask::auth_for("registry").basic(ALICE).scope(SCOPE)
}

/// What a token for a request is called.
fn id(server: &TestServer, ask: &Ask) -> String {
    server.token(ask).claims["jti"].as_str().unwrap().to_owned()
}

#[test]
fn the_same_within_five_seconds_and_never_by_default() {
    let all = "{match: {}, actions: ['*']}";
    let off = server("", all);
    assert_ne!(id(&off, &ask()), id(&off, &ask()));
    let zero = server("reuse: 0s", all);
    assert_ne!(id(&zero, &ask()), id(&zero, &ask()));

    let on = server("reuse: 5s", all);
    let first = on.token(&ask());
    on.clock.turn(Duration::from_millis(4_900));
    let again = on.token(&ask());
    assert_eq!(first.claims, again.claims);
    assert_eq!((first.expires_in(), again.expires_in()), (900, 895), "what is really left");
    let form = [("grant_type", "password"), ("username", ALICE.0), ("password", ALICE.1)];
    let posted = Ask::post(&[&form[..], &[("service", "registry"), ("scope", SCOPE)]].concat());
    let posted = on.token(&posted);
    assert_eq!(posted.claims, first.claims);
    assert_eq!(posted.answer["scope"], SCOPE);
    on.clock.turn(Duration::from_millis(100));
    let next = on.token(&ask());
    assert_ne!(next.claims["jti"], first.claims["jti"]);
    assert_eq!(next.expires_in(), 900);
}

#[test]
fn whoever_is_to_have_something_else_gets_something_else() {
    let acl = "{match: {account: alice}, actions: ['*']}, {match: {account: bob}, actions: [pull]}";
    let server = server("reuse: 5s", acl);
    let anonymous = Ask::auth_for("registry").scope(SCOPE);
    let asks = [
        ask(),
        Ask::auth_for("registry").basic(BOB).scope(SCOPE),
        anonymous,
        Ask::auth_for("other").basic(ALICE).scope(SCOPE),
        Ask::auth_for("registry").basic(ALICE).scope("repository:team/app:pull"),
        Ask::auth_for("registry").basic(ALICE).scope("repository(plugin):team/app:pull,push"),
        Ask::auth_for("registry").basic(ALICE).scope("repository:team/app2:pull,push"),
        ask().scope("repository:b:pull"),
        Ask::auth_for("registry").basic(ALICE),
    ];
    let ids: Vec<String> = asks.iter().map(|ask| id(&server, ask)).collect();
    let distinct: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(distinct.len(), asks.len());
    for (ask, first) in asks.iter().zip(&ids) {
        assert_eq!(id(&server, ask), *first, "{ask:?}");
    }
    // Two ways of asking that come to the same permission.
    assert_eq!(
        id(&server, &Ask::auth_for("registry").basic(ALICE).scope("repository:team/app:push,pull")),
        ids[0]
    );
}

#[test]
fn everything_before_the_signature_is_done_anew() {
    let server = server("reuse: 5s", "{match: {}, actions: ['*']}");
    let first = id(&server, &ask());
    assert_eq!(server.ask(&ask().header("X", "y")).status, 200);
    let wrong = Ask::auth_for("registry").basic((ALICE.0, "wrong")).scope(SCOPE);
    assert_eq!(server.ask(&wrong).error(401, "UNAUTHORIZED"), "invalid_grant");
    assert_eq!(id(&server, &ask()), first);

    // A permission that is decided anew each time and lasts from then: none of them is outlived.
    let lasting = "authn: [{users: {alice: {}}}]\nauthz: [{script_authz: {says: allow, lasts_ms: 2500}}]";
    let lasting = TestServer::of(Setup::new(lasting).token("reuse: 5s"));
    let first = lasting.token(&ask());
    assert_eq!(first.expires_in(), 2);
    lasting.clock.turn(Duration::from_secs(1));
    assert_eq!(lasting.token(&ask()).claims["jti"], first.claims["jti"]);
    lasting.clock.turn(Duration::from_secs(1));
    let next = lasting.token(&ask());
    assert_ne!(next.claims["jti"], first.claims["jti"], "nothing would be left of the first");
    assert_eq!(next.expires_in(), 2);
}
