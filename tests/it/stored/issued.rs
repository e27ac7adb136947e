//! Who gets a refresh token, and who does not.

use super::{chains, logged_in, login, refresh, server};
use crate::support::{ALICE, Ask, BOB, Setup, TestServer};

#[test]
fn who_asks_for_one_gets_one_and_nobody_else() {
    let server = server();
    let token = logged_in(&server);
    assert!(token.starts_with("dgr_") && token.len() == 62, "{token}");
    let by_post = [
        ("grant_type", "password"),
        ("username", ALICE.0),
        ("password", ALICE.1),
        ("service", "test-service"),
    ];
    let has = |ask: &Ask| {
        let answer = server.ask(ask);
        assert_eq!(answer.status, 200, "{ask:?} {answer:?}");
        answer.json().get("refresh_token").is_some()
    };
    assert!(has(&Ask::post(&[&by_post[..], &[("access_type", "offline")]].concat())));
    for ask in [
        Ask::auth().basic(ALICE),
        Ask::auth().basic(ALICE).query("offline_token", "false"),
        Ask::post(&[&by_post[..], &[("access_type", "online")]].concat()),
        Ask::auth().query("offline_token", "true"),
        refresh(&token, "repository:team/app:pull"),
        Ask::post(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &token),
            ("service", "test-service"),
            ("access_type", "offline"),
        ]),
        Ask::auth().basic((ALICE.0, &token)).query("offline_token", "true"),
    ] {
        assert!(!has(&ask), "{ask:?}");
    }
}

#[test]
fn wrong_passwords_get_none() {
    let server = server();
    let answer = server.ask(&Ask::auth().query("offline_token", "true").basic((ALICE.0, BOB.1)));
    assert_eq!(answer.error(401, "UNAUTHORIZED"), "invalid_grant");
    assert!(!String::from_utf8_lossy(&answer.body).contains("dgr_"));
}

#[test]
fn none_is_issued_where_that_is_not_configured() {
    let without = TestServer::new(&chains());
    assert!(without.ask(&login()).json().get("refresh_token").is_none());
    let off = TestServer::of(Setup::new(chains()).refreshing("{enabled: false}"));
    assert!(off.ask(&login()).json().get("refresh_token").is_none());
}

/// A program says who somebody is when it sees a password, and cannot say so later.
#[test]
fn none_is_issued_where_the_link_cannot_say_later_who_somebody_is() {
    let chains = "authn: [{script_authn: {says: allow}}]\nauthz: [{acl: [{match: {}, actions: [pull]}]}]";
    let server = TestServer::of(Setup::new(chains).refreshing("{}"));
    assert!(server.ask(&login()).json().get("refresh_token").is_none());
}
