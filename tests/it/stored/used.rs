//! A refresh token in place of a password.

use std::time::Duration;

use super::{DAY, chains, logged_in, login, refresh, server};
use crate::support::{ALICE, Ask, BOB, Setup, TestServer, hash};

#[test]
fn it_gets_tokens_again_and_again_by_every_way_that_clients_take() {
    let server = server();
    let token = logged_in(&server);
    for ask in [
        refresh(&token, "repository:team/app:pull,push"),
        refresh(&token, "repository:team/app:pull,push"),
        Ask::auth().scope("repository:team/app:pull,push").basic((ALICE.0, &token)),
        Ask::auth().scope("repository:team/app:pull,push").basic(("<token>", &token)),
        Ask::auth().scope("repository:team/app:pull,push").basic(("", &token)),
        Ask::post(&[
            ("grant_type", "password"),
            ("username", "Alice"),
            ("password", &token),
            ("service", "test-service"),
            ("scope", "repository:team/app:pull,push"),
        ]),
    ] {
        let issued = server.token(&ask);
        assert_eq!(issued.account(), "alice", "{ask:?}");
        assert_eq!(issued.access(), ["repository:team/app:pull,push"], "{ask:?}");
    }
}

#[test]
fn whatever_is_not_one_is_refused_alike() {
    let server = server();
    let token = logged_in(&server);
    let other = self::server();
    let [_, unknown] = [logged_in(&other), logged_in(&other)];
    let mut damaged = token.clone();
    damaged.pop();
    for ask in [
        refresh(&unknown, ""),
        refresh(&damaged, ""),
        refresh("", ""),
        refresh(&token.to_uppercase(), ""),
        Ask::auth().basic((BOB.0, &token)),
        Ask::auth_for("other-service").basic((ALICE.0, &token)),
        Ask::post(&[("grant_type", "refresh_token"), ("refresh_token", &token)]),
        Ask::auth().basic((ALICE.0, &unknown)),
    ] {
        assert_eq!(server.ask(&ask).error(401, "UNAUTHORIZED"), "invalid_grant", "{ask:?}");
    }
    let contradiction = refresh(&token, "").basic(ALICE);
    assert_eq!(server.ask(&contradiction).error(400, "UNSUPPORTED"), "invalid_request");
}

#[test]
fn it_ends_with_its_life_and_when_nobody_uses_it() {
    let server = server();
    let token = logged_in(&server);
    let status = || server.ask(&refresh(&token, "")).status;
    for _ in 0..6 {
        assert_eq!(status(), 200);
        server.clock.turn(Duration::from_secs(14 * 86_400 - 1));
    }
    assert_eq!(status(), 200, "84 days, and never unused for 14");
    server.clock.turn(7 * DAY);
    assert_eq!(status(), 401, "91 days");
    let token = logged_in(&server);
    server.clock.turn(14 * DAY);
    assert_eq!(server.ask(&refresh(&token, "")).error(401, "UNAUTHORIZED"), "invalid_grant");
}

/// What is stored outlives the server; who was taken out of the file does not.
#[test]
fn it_outlives_the_server_and_not_its_owner() {
    let directory = tempfile::tempdir().unwrap();
    let serve = |chains: String| {
        let store = directory.path().join("store");
        TestServer::of(
            Setup::new(format!("store: {{file: {store:?}}}\n{chains}")).token("refresh: {lifetime: 30d}"),
        )
    };
    let server = serve(chains());
    let token = logged_in(&server);
    drop(server);
    let server = serve(chains());
    assert_eq!(server.ask(&refresh(&token, "")).status, 200);
    drop(server);
    let another_password = chains().replace(&hash(ALICE.1), &hash(BOB.1));
    for changed in [chains().replace("alice:", "alicia:"), another_password] {
        assert_ne!(changed, chains());
        let server = serve(changed);
        assert_eq!(server.ask(&refresh(&token, "")).error(401, "UNAUTHORIZED"), "invalid_grant");
        drop(server);
    }
    assert_eq!(
        serve(chains()).ask(&refresh(&token, "")).status,
        200,
        "the owner is back, with the same password"
    );
}

#[test]
fn without_a_store_ours_reaches_nobody() {
    let token = logged_in(&server());
    let chains = "authn: [{script_authn: {says: hangs}}]\nauthz: [{acl: [{match: {}, actions: [pull]}]}]";
    let without = TestServer::new(chains);
    assert_eq!(
        without.ask(&Ask::auth().basic((ALICE.0, &token))).error(401, "UNAUTHORIZED"),
        "invalid_grant"
    );
    assert_eq!(without.ask(&refresh(&token, "")).error(401, "UNAUTHORIZED"), "invalid_grant");
}

#[test]
fn a_login_still_works_as_it_did() {
    let issued = server().token(&login().scope("repository:team/app:pull"));
    assert_eq!((issued.account(), issued.access()), ("alice", vec!["repository:team/app:pull".to_owned()]));
}
