//! The answer around a token.

use crate::support::{ALICE, Ask, TestServer, names, users};

fn server() -> TestServer {
    TestServer::new(&format!(
        "users: {}\nacl: [{{match: {{name: 'team/*'}}, actions: [pull]}}]",
        users("\"\": {}")
    ))
}

#[test]
fn get_is_answered_with_these_members() {
    let answer = server().ask(&Ask::auth().basic(ALICE).scope("repository:team/app:pull"));
    assert_eq!(answer.status, 200);
    answer.is_kept_by_nobody();
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let json = answer.json();
    assert_eq!(names(&json), ["access_token", "expires_in", "token"]);
    assert_eq!(json["token"], json["access_token"]);
    assert_eq!(json["expires_in"], 900);
}

#[test]
fn post_is_told_the_scope_as_well() {
    let server = server();
    for (scope, granted) in [
        ("repository:team/app:pull,push", "repository:team/app:pull"),
        (
            "repository:team/a:pull repository:other:pull repository(plugin):team/b:pull",
            "repository:team/a:pull repository(plugin):team/b:pull",
        ),
        ("repository:other:pull", ""),
        ("", ""),
    ] {
        let form =
            [("grant_type", "password"), ("username", ALICE.0), ("password", ALICE.1), ("scope", scope)];
        let answer = server.ask(&Ask::post(&form));
        server.read(&answer);
        assert_eq!(names(&answer.json()), ["access_token", "expires_in", "scope", "token"]);
        assert_eq!(answer.json()["scope"], granted, "{scope}");
    }
}

#[test]
fn no_refresh_token_is_promised_to_those_who_ask_for_one() {
    let server = server();
    let got =
        server.ask(&Ask::auth().basic(ALICE).query("offline_token", "true").query("client_id", "docker"));
    assert_eq!(names(&got.json()), ["access_token", "expires_in", "token"]);
    let form = [
        ("username", ALICE.0),
        ("password", ALICE.1),
        ("access_type", "offline"),
        ("client_id", "containerd-client"),
    ];
    let posted = server.ask(&Ask::post(&form));
    assert_eq!(names(&posted.json()), ["access_token", "expires_in", "scope", "token"]);
}

#[test]
fn missing_rights_are_no_error() {
    let server = server();
    for ask in [Ask::auth().basic(ALICE), Ask::auth()] {
        let token = server.token(&ask.scope("repository:secret:pull,push").scope("repository:team/app:push"));
        assert_eq!(token.access(), ["repository:secret:", "repository:team/app:"]);
    }
}
