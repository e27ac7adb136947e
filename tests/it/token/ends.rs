//! No token outlives what it rests on.

use std::time::Duration;

use crate::support::{ALICE, Ask, Setup, SigningFiles, TestServer, users};

/// What a token lives, in seconds, through these chains.
fn lives(authn: &str, authz: &str, scopes: &[&str]) -> (u64, Vec<String>) {
    let server =
        TestServer::new(&format!("authn: [{{script_authn: {{says: allow{authn}}}}}]\nauthz:\n{authz}"));
    let token = server.token(&scopes.iter().fold(Ask::auth().basic(ALICE), |ask, scope| ask.scope(scope)));
    assert_eq!(token.number("exp") - token.number("iat") - 10, token.expires_in());
    (token.expires_in(), token.access())
}

const ALL: &str = "- script_authz: {says: allow}";
const SHORT: &str = "
- script_authz: {says: allow, grants: [pull], lasts_ms: 120000, name: short}
- name: rest
  script_authz: {says: allow}";

#[test]
fn the_shortest_of_all_ends_wins() {
    let a = "repository:a:pull";
    let short = "repository:short:pull";
    let table: &[(&str, &str, &[&str], u64)] = &[
        ("", ALL, &[a], 900),
        (", lasts_ms: 3600000", ALL, &[a], 900),
        (", lasts_ms: 300000", ALL, &[a], 300),
        (", lasts_ms: 300999", ALL, &[a], 300),
        (", lasts_ms: 7000", ALL, &[a], 7),
        (", lasts_ms: 300000", ALL, &[], 300),
        ("", SHORT, &[short], 120),
        ("", SHORT, &[a, short], 120),
        ("", SHORT, &[short, a], 120),
        ("", SHORT, &[a], 900),
        (", lasts_ms: 60000", SHORT, &[short], 60),
        (", lasts_ms: 300000", SHORT, &[short], 120),
        // A permission of nothing ends nothing.
        ("", SHORT, &[a, "repository:short:push"], 900),
        (", limits: ['repository:a:pull']", SHORT, &[a, short], 900),
    ];
    for (authn, authz, scopes, seconds) in table {
        assert_eq!(lives(authn, authz, scopes).0, *seconds, "{authn} {authz} {scopes:?}");
    }
}

#[test]
fn what_has_ended_counts_for_nothing() {
    let over = TestServer::new("authn: [{script_authn: {says: allow, lasts_ms: 0}}]\nauthz: [{acl: []}]");
    assert_eq!(over.ask(&Ask::auth().basic(ALICE)).error(401, "UNAUTHORIZED"), "invalid_grant");
    let (seconds, access) = lives("", "- script_authz: {says: allow, lasts_ms: 0}", &["repository:a:pull"]);
    assert_eq!((seconds, access), (900, vec!["repository:a:".to_owned()]));
}

#[test]
fn what_ends_within_the_second_is_over_or_not_but_no_failure() {
    let authz = "authz: [{script_authz: {says: allow, lasts_ms: 400}}]";
    let server = TestServer::new(&format!("authn: [{{users: {}}}]\n{authz}", users("")));
    let answer = server.ask(&Ask::auth().basic(ALICE).scope("repository:a:pull").scope("repository:b:pull"));
    assert_eq!(
        answer.status,
        200,
        "a right that ends at once takes the whole token with it: {}",
        answer.text()
    );
}

#[test]
fn no_token_outlives_the_certificate_that_travels_with_it() {
    let setup = |token: &str| {
        let ending = SigningFiles::EcEndingAfter(Duration::from_secs(40 * 24 * 60 * 60));
        TestServer::of(Setup::new(format!("users: {}\nacl: []", users(""))).signing(ending).token(token))
    };
    for (token, seconds) in [("", 100), ("x5c: false", 900)] {
        let server = setup(token);
        assert_eq!(server.token(&Ask::auth().basic(ALICE)).expires_in(), 900, "{token}");
        server.clock.turn(Duration::from_secs(40 * 24 * 60 * 60 - 100));
        assert_eq!(server.token(&Ask::auth().basic(ALICE)).expires_in(), seconds, "{token}");
    }
}

#[test]
fn a_certificate_that_expires_while_we_run_does_not_end_the_service() {
    let ending = SigningFiles::EcEndingAfter(Duration::from_secs(60 * 60));
    let server = TestServer::of(Setup::new(format!("users: {}\nacl: []", users(""))).signing(ending));
    assert!(
        server.warnings.iter().any(|warning| warning.message.contains("expires in")),
        "{:?}",
        server.warnings
    );
    server.clock.turn(Duration::from_secs(60 * 60));
    // On without the certificate, for registries that know the key id.
    let answer = server.ask(&Ask::auth().basic(ALICE));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(server.read(&answer).header.get("x5c").is_none());
}
