//! Which paths and methods there are.

use crate::support::{ALICE, Ask, Setup, TestServer, users};

const ENDPOINTS: [&str; 3] = ["/auth", "/auth/token", "/token"];

fn chains() -> String {
    format!("users: {}\nacl: [{{match: {{}}, actions: ['*']}}]", users(""))
}

#[test]
fn all_three_paths_give_tokens_to_get_and_post() {
    for (prefix, line) in [
        ("", ""),
        ("", "path_prefix: /"),
        ("/registry", "path_prefix: /registry"),
        ("/a/b", "path_prefix: /a/b/"),
    ] {
        let server = TestServer::of(Setup::new(chains()).server(line));
        for path in ENDPOINTS {
            let path = format!("{prefix}{path}");
            let got = server.token(&Ask::auth().at(&path).basic(ALICE).scope("repository:a:pull"));
            let form = [
                ("grant_type", "password"),
                ("username", ALICE.0),
                ("password", ALICE.1),
                ("scope", "repository:a:pull"),
            ];
            let posted = server.token(&Ask::post(&form).at(&path));
            for token in [got, posted] {
                assert_eq!(
                    (token.account(), token.access()),
                    ("alice", vec!["repository:a:pull".to_owned()]),
                    "{path}"
                );
            }
        }
    }
}

#[test]
fn nothing_else_is_there() {
    let server = TestServer::of(Setup::new(chains()).server("path_prefix: /registry"));
    let paths = [
        "/",
        "/auth",
        "/token",
        "/auth/token",
        "/registry",
        "/registry/",
        "/registry/auth/",
        "/registry/auth/token/",
        "/registry//auth",
        "//registry/auth",
        "/registry/../auth",
        "/registry/x/../auth",
        "/registry/%61uth",
        "/registry%2Fauth",
        "/registry/auth%00",
        "/registry/Auth",
        "/registry/healthz",
        "/v2/",
        "/registry/auth;x",
    ];
    for path in paths {
        for method in ["GET", "POST", "DELETE"] {
            let answer = server.ask(&Ask::new(method, path).basic(ALICE));
            assert_eq!(answer.error(404, "NOT_FOUND"), "invalid_request", "{method} {path}");
        }
    }
}

#[test]
fn other_methods_are_refused_and_the_right_ones_named() {
    let server = TestServer::new(&chains());
    for path in ENDPOINTS {
        for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let answer = server.ask(&Ask::new(method, path).basic(ALICE));
            assert_eq!(answer.error(405, "UNSUPPORTED"), "invalid_request", "{method} {path}");
            let allowed: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
            assert_eq!(allowed, ["GET", "HEAD", "POST"], "{method} {path}");
        }
    }
    for (path, method) in [("/healthz", "POST"), ("/.well-known/jwks.json", "DELETE")] {
        let answer = server.ask(&Ask::new(method, path));
        answer.error(405, "UNSUPPORTED");
        assert_eq!(answer.header("allow").replace(' ', ""), "GET,HEAD", "{path}");
    }
}

#[test]
fn head_is_get_without_a_body() {
    let server = TestServer::new(&chains());
    let ask = Ask::auth().basic(ALICE);
    for (path, status) in [("/auth", 200), ("/healthz", 200), ("/nowhere", 404)] {
        let got = server.ask(&ask.clone().at(path));
        let head = server.ask(&Ask::new("HEAD", path).query("service", "test-service").basic(ALICE));
        assert_eq!((got.status, head.status), (status, status), "{path}");
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(got.header("content-type"), head.header("content-type"), "{path}");
    }
    assert_eq!(server.ask(&Ask::new("HEAD", "/auth").basic(("alice", "wrong"))).status, 401);
}

#[test]
fn healthz_answers_below_no_prefix() {
    for line in ["", "path_prefix: /registry"] {
        let server = TestServer::of(Setup::new(chains()).server(line));
        let answer = server.ask(&Ask::get("/healthz"));
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("ok")));
        answer.is_kept_by_nobody();
    }
}

#[test]
fn the_key_set_holds_the_signing_key_under_both_ids() {
    let server = TestServer::of(Setup::new(chains()).server("path_prefix: /registry"));
    let (libtrust, thumbprint) = server.key_ids();
    for path in ["/.well-known/jwks.json", "/registry/.well-known/jwks.json"] {
        let answer = server.ask(&Ask::get(path));
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/jwk-set+json"));
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        let json = answer.json();
        let keys = json["keys"].as_array().unwrap();
        let ids: Vec<&str> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
        assert_eq!(ids, [libtrust.as_str(), thumbprint.as_str()]);
        for key in keys {
            assert_eq!(crate::support::names(key), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        }
    }
}
