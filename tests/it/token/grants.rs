//! `grant_type` (distribution, `docs/content/spec/auth/oauth.md`).

use crate::support::{ALICE, Ask, TestServer, form, users};

fn server() -> TestServer {
    TestServer::new(&format!("users: {}\nacl: [{{match: {{}}, actions: [pull]}}]", users("\"\": {}")))
}

#[test]
fn password() {
    let server = server();
    let fields = [
        ("grant_type", "password"),
        ("client_id", "containerd-client"),
        ("service", "test-service"),
        ("scope", "repository:a:pull,push"),
        ("username", ALICE.0),
        ("password", ALICE.1),
    ];
    let token = server.token(&Ask::post(&fields));
    assert_eq!((token.account(), token.access()), ("alice", vec!["repository:a:pull".to_owned()]));
    assert_eq!(token.claims["aud"], "test-service");
    for missing in ["username", "password"] {
        let fields: Vec<_> = fields.iter().copied().filter(|(name, _)| *name != missing).collect();
        assert_eq!(server.ask(&Ask::post(&fields)).error(400, "UNSUPPORTED"), "invalid_request", "{missing}");
    }
}

#[test]
fn a_refresh_token_of_somebody_elses_is_refused() {
    let server = server();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "abc"), ("client_id", "docker")];
    for ask in [
        Ask::post(&fields),
        Ask::post(&fields).basic(ALICE),
        Ask::post(&[fields[0], ("refresh_token", ""), ("username", ALICE.0), ("password", ALICE.1)]),
    ] {
        assert_eq!(server.ask(&ask).error(401, "UNAUTHORIZED"), "invalid_grant", "{ask:?}");
    }
    for ask in
        [Ask::post(&fields[..1]), Ask::post(&[fields[0], ("username", ALICE.0), ("password", ALICE.1)])]
    {
        assert_eq!(server.ask(&ask).error(400, "UNSUPPORTED"), "invalid_request", "{ask:?}");
    }
}

#[test]
fn others_are_named_as_not_offered() {
    let server = server();
    for grant in
        ["authorization_code", "client_credentials", "PASSWORD", "password ", "*", "\0", &"x".repeat(5000)]
    {
        let fields = [("grant_type", grant), ("username", ALICE.0), ("password", ALICE.1)];
        assert_eq!(
            server.ask(&Ask::post(&fields)).error(400, "UNSUPPORTED"),
            "unsupported_grant_type",
            "{grant:?}"
        );
    }
}

#[test]
fn none_is_taken_for_password() {
    let server = server();
    for fields in [
        vec![("username", ALICE.0), ("password", ALICE.1)],
        vec![("grant_type", ""), ("username", ALICE.0), ("password", ALICE.1)],
    ] {
        assert_eq!(server.token(&Ask::post(&fields)).account(), "alice");
    }
}

#[test]
fn a_form_is_read_whatever_its_type_is_written_like() {
    let server = server();
    let fields = form(&[("username", ALICE.0), ("password", ALICE.1)]);
    for content_type in [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-8",
        "Application/X-WWW-Form-Urlencoded ;charset=UTF-8",
        "",
    ] {
        let ask = Ask::new("POST", "/auth").header("content-type", content_type).body(fields.clone());
        assert_eq!(server.token(&ask).account(), "alice", "{content_type}");
    }
    assert_eq!(server.token(&Ask::new("POST", "/auth").body(fields.clone())).account(), "alice");
    for content_type in ["application/json", "multipart/form-data; boundary=x", "text/plain"] {
        let ask = Ask::new("POST", "/auth").header("content-type", content_type).body(fields.clone());
        // Never anonymous: there are credentials in it, for all we know.
        server.ask(&ask).error(400, "UNSUPPORTED");
    }
}
