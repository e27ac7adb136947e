//! Single registries that want their tokens otherwise.

use dockgate_testkit::hostile::TEXTS;
use serde_json::Value;

use crate::support::{ALICE, Ask, Setup, TestServer, names, users};

fn server(token: &str) -> TestServer {
    TestServer::of(Setup::new(format!("users: {}\nacl: []", users(""))).token(token))
}

fn of_service(server: &TestServer, service: &str) -> (Value, u64) {
    let token = server.token(&Ask::auth_for(service).basic(ALICE));
    assert_eq!(token.claims["aud"], service);
    (token.header.clone(), token.expires_in())
}

const SERVICES: &str = "
x5c: true
services:
  legacy: {}
  modern: {key_id: rfc7638}
  by jwks: {key_id: {text: \"the key of 2026\"}, x5c: false, expiration: 120}
";

#[test]
fn each_service_gets_what_is_said_of_it() {
    let server = server(SERVICES);
    let (libtrust, thumbprint) = server.key_ids();
    for (service, kid, with_x5c, seconds) in [
        ("", &*libtrust, true, 900),
        ("not listed", &*libtrust, true, 900),
        ("Legacy", &*libtrust, true, 900),
        ("legacy", &*libtrust, true, 900),
        ("modern", &*thumbprint, true, 900),
        ("by jwks", "the key of 2026", false, 120),
    ] {
        let (header, lives) = of_service(&server, service);
        assert_eq!(header["kid"], kid, "{service}");
        assert_eq!(names(&header).contains(&"x5c"), with_x5c, "{service}");
        assert_eq!(lives, seconds, "{service}");
    }
}

/// `sign.crt` and `sign.key` are the pair of the setup; the others come from `tests/data/keys`.
const KEYS: &str = "
keys:
- name: main
  certificate: {setup}/sign.crt
  key: {setup}/sign.key
- name: rsa
  certificate: {data}/rsa.crt
  key: {data}/rsa.pkcs1.pem
  algorithm: RS512
  services: [old]
- name: pss
  certificate: {data}/rsa.crt
  key: {data}/rsa.pkcs8.pem
  algorithm: PS256
  services: [new]
- {certificate: {data}/p384.crt, key: {data}/p384.sec1.pem, services: [p384]}
- {certificate: {data}/ed25519.crt, key: {data}/ed25519.pem, name: edwards}
services:
  old: {key_id: rfc7638}
  modern: {key: edwards, x5c: false}
";

fn with_keys(more: &str) -> TestServer {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/keys");
    let keys = KEYS.replace("{data}", data) + more;
    TestServer::of(Setup::new(format!("users: {}\nacl: []", users(""))).keys(&keys))
}

#[test]
fn each_key_signs_for_its_services() {
    let server = with_keys("");
    for (service, algorithm) in [
        ("", "ES256"),
        ("other", "ES256"),
        ("old", "RS512"),
        ("new", "PS256"),
        ("p384", "ES384"),
        ("modern", "EdDSA"),
    ] {
        let (header, _) = of_service(&server, service);
        assert_eq!(header["alg"], algorithm, "{service}");
        assert_eq!(names(&header).contains(&"x5c"), service != "modern", "{service}");
    }
}

/// One that is only published may sign next week; registries know it by then.
#[test]
fn every_key_is_published_under_every_name() {
    let jwks = with_keys("").ask(&Ask::get("/.well-known/jwks.json")).json();
    let algorithms: Vec<&str> =
        jwks["keys"].as_array().unwrap().iter().map(|key| key["alg"].as_str().unwrap()).collect();
    assert_eq!(
        algorithms,
        ["ES256", "ES256", "RS512", "RS512", "PS256", "PS256", "ES384", "ES384", "EdDSA", "EdDSA"]
    );
    let named = server(SERVICES).ask(&Ask::get("/.well-known/jwks.json")).json();
    let ids: Vec<&str> =
        named["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), ids.last()), (3, Some(&"the key of 2026")));
}

/// Names are compared, never matched: none of these opens the list.
#[test]
fn no_text_passes_for_a_listed_service() {
    let server = with_keys("other_services: refuse");
    for service in TEXTS {
        let answer = server.ask(&Ask::auth_for(service).basic(ALICE).scope("repository:a:pull"));
        assert_eq!(answer.status, 400, "{service:?}");
    }
}

/// Each registry may be told of its own key; one that is told of both finds one.
#[test]
fn one_text_for_two_keys_is_warned_of() {
    let warned = |more: &str| {
        let server = with_keys(more);
        server.warnings.iter().any(|warning| warning.message.contains("names two keys here"))
    };
    assert!(warned("key_id: {text: t}\nx5c: false"));
    assert!(!warned("key_id: {text: t}"), "the certificate counts");
    assert!(!warned("x5c: false"));
}

#[test]
fn services_that_are_not_listed_may_be_refused() {
    let server = with_keys("other_services: refuse");
    for service in ["old", "new", "p384", "modern"] {
        of_service(&server, service);
    }
    for service in ["", "other", "OLD", "old ", "mod"] {
        let ask = Ask::auth_for(service);
        for ask in [ask.clone(), ask.clone().basic(ALICE), ask.basic(("alice", "wrong"))] {
            let answer = server.ask(&ask);
            assert_eq!(answer.error(400, "UNSUPPORTED"), "invalid_target", "{service:?}");
        }
    }
}
