//! `mode: bearer`: the challenge of a registry, and our own tokens.

use std::time::Duration;

use super::gate::{BEARER, MANIFEST, gate, nginx, setup, with_token};
use crate::support::{ALICE, Ask, TestServer};

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef";
const CHALLENGE: &str = "Bearer realm=\"https://auth.example.com/auth\",service=\"test-service\"";

fn token(server: &TestServer, ask: Ask) -> String {
    let answer = server.ask(&ask);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["token"].as_str().unwrap().to_owned()
}

fn alice(scope: &str) -> Ask {
    Ask::auth().scope(scope).basic(ALICE)
}

/// The status and the challenge of a request with a token.
fn asked(server: &TestServer, method: &str, uri: &str, token: &str) -> (u16, String) {
    let answer = server.ask(&with_token(method, uri, token));
    let challenge = answer.headers.get("www-authenticate");
    (answer.status, challenge.map_or("", |challenge| challenge.to_str().unwrap()).to_owned())
}

#[test]
fn the_challenge_is_a_registrys() {
    let server = gate(BEARER);
    let mount = format!("/v2/team/app/blobs/uploads/?mount={DIGEST}&from=public/app");
    for (method, uri, scope) in [
        ("GET", "/v2/", ""),
        ("GET", MANIFEST, ",scope=\"repository:team/app:pull\""),
        ("PUT", MANIFEST, ",scope=\"repository:team/app:pull,push\""),
        ("DELETE", MANIFEST, ",scope=\"repository:team/app:delete\""),
        ("GET", "/v2/_catalog", ",scope=\"registry:catalog:*\""),
        ("POST", &mount, ",scope=\"repository:team/app:pull,push repository:public/app:pull\""),
    ] {
        for ask in [nginx(method, uri), nginx(method, uri).basic(ALICE), nginx(method, uri).basic(("", ""))] {
            let answer = server.ask(&ask);
            assert_eq!(answer.status, 401, "{answer:?}");
            assert_eq!(answer.header("www-authenticate"), format!("{CHALLENGE}{scope}"), "{method} {uri}");
            assert_eq!(answer.header("docker-distribution-api-version"), "registry/2.0");
            assert_eq!(answer.error(401, "UNAUTHORIZED"), "invalid_client");
        }
    }
}

#[test]
fn a_token_passes_for_what_it_was_signed_for() {
    let server = gate(BEARER);
    let token = token(&server, alice("repository:team/app:pull,push"));
    let passed = server.ask(&with_token("PUT", MANIFEST, &token));
    assert_eq!((passed.status, passed.header("x-auth-user")), (200, "alice"));
    assert_eq!(passed.header("x-auth-groups"), "", "a token says nothing of groups");
    assert_eq!(asked(&server, "GET", MANIFEST, &token).0, 200);
    assert_eq!(asked(&server, "GET", "/v2/", &token).0, 200);
    for (method, uri, scope) in [
        ("DELETE", MANIFEST, "repository:team/app:delete"),
        ("GET", "/v2/team/app2/manifests/1", "repository:team/app2:pull"),
        ("GET", "/v2/team/app/x/manifests/1", "repository:team/app/x:pull"),
        ("GET", "/v2/public/app/manifests/1", "repository:public/app:pull"),
        ("GET", "/v2/_catalog", "registry:catalog:*"),
    ] {
        let challenge = format!("{CHALLENGE},scope=\"{scope}\",error=\"insufficient_scope\"");
        assert_eq!(asked(&server, method, uri, &token), (401, challenge), "{method} {uri}");
    }
}

#[test]
fn what_was_not_granted_is_not_in_it() {
    let server = gate(BEARER);
    let pull = token(&server, alice("repository:team/app:pull"));
    assert_eq!(asked(&server, "GET", MANIFEST, &pull).0, 200);
    assert_eq!(asked(&server, "PUT", MANIFEST, &pull).0, 401);
    let bob = token(&server, Ask::auth().scope("repository:team/app:pull,push").basic(crate::support::BOB));
    assert_eq!(asked(&server, "GET", MANIFEST, &bob).0, 200);
    assert_eq!(asked(&server, "PUT", MANIFEST, &bob).0, 401);
    let plugin = token(&server, alice("repository(plugin):team/app:pull"));
    assert_eq!(asked(&server, "GET", MANIFEST, &plugin).0, 401, "a plugin is no repository");
}

#[test]
fn a_mount_needs_a_token_for_both() {
    let server = gate(BEARER);
    let mount = format!("/v2/team/app/blobs/uploads/?mount={DIGEST}&from=public/app");
    let both = alice("repository:team/app:pull,push").scope("repository:public/app:pull");
    assert_eq!(asked(&server, "POST", &mount, &token(&server, both)).0, 200);
    for one in ["repository:team/app:pull,push", "repository:public/app:pull"] {
        assert_eq!(asked(&server, "POST", &mount, &token(&server, alice(one))).0, 401, "{one}");
    }
}

#[test]
fn nobody_in_particular_pulls_with_a_token_too() {
    let server = gate(BEARER);
    let token = token(&server, Ask::auth().scope("repository:public/app:pull"));
    let passed = server.ask(&with_token("GET", "/v2/public/app/manifests/1", &token));
    assert_eq!((passed.status, passed.header("x-auth-user")), (200, ""));
    assert_eq!(asked(&server, "PUT", "/v2/public/app/manifests/1", &token).0, 401);
    assert_eq!(asked(&server, "GET", MANIFEST, &token).0, 401);
}

/// The first registry's login is somebody's; its base, and the second's, take whoever holds a token.
#[test]
fn a_token_of_nobody_in_particular_is_no_login() {
    let server = gate(BEARER);
    let nobodys = token(&server, Ask::auth());
    let alices = token(&server, alice("repository:team/app:pull"));
    for (method, uri, of_nobody, of_alice) in [
        ("GET", "/v2/", 200, 200),
        ("GET", "/v1/_ping", 200, 200),
        ("POST", "/v1/users/", 401, 200),
        ("GET", "/v1/users/", 401, 200),
    ] {
        assert_eq!(asked(&server, method, uri, &nobodys).0, of_nobody, "{method} {uri}");
        assert_eq!(asked(&server, method, uri, &alices).0, of_alice, "{method} {uri}");
    }
}

#[test]
fn other_tokens_count_for_nothing() {
    let server = gate(BEARER);
    let scope = "repository:team/app:pull";
    let good = token(&server, alice(scope));
    let elsewhere = token(&server, Ask::auth_for("other-service").scope(scope).basic(ALICE));
    let foreign = token(&gate(BEARER), alice(scope));
    let long = format!("{}.{}.{}", "a".repeat(30_000), "b".repeat(30_000), "c".repeat(10_000));
    let claims = good.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{claims}.");
    for bad in
        [elsewhere.as_str(), &foreign, &long, &unsigned, &good[..good.len() - 2], "x", "", "dga_x", "a b"]
    {
        let challenge = format!("{CHALLENGE},scope=\"{scope}\",error=\"invalid_token\"");
        assert_eq!(asked(&server, "GET", MANIFEST, bad), (401, challenge), "{bad:.80}");
    }
    assert_eq!(asked(&server, "GET", MANIFEST, &good).0, 200);
    server.clock.turn(Duration::from_secs(899));
    assert_eq!(asked(&server, "GET", MANIFEST, &good).0, 200);
    server.clock.turn(Duration::from_secs(1));
    assert_eq!(asked(&server, "GET", MANIFEST, &good).0, 401, "its time has passed");
}

#[test]
fn a_refresh_token_leads_to_tokens_and_is_none() {
    let server = TestServer::of(setup(BEARER).refreshing("{lifetime: 90d, idle: 14d}"));
    let login = Ask::auth().query("client_id", "docker").query("offline_token", "true").basic(ALICE);
    let refresh = server.ask(&login).json()["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(asked(&server, "GET", "/v2/", &refresh).0, 401);
    let again = Ask::post(&[
        ("grant_type", "refresh_token"),
        ("client_id", "docker"),
        ("refresh_token", &refresh),
        ("scope", "repository:team/app:pull"),
        ("service", "test-service"),
    ]);
    let token = server.ask(&again).json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(asked(&server, "GET", MANIFEST, &token).0, 200);
}
