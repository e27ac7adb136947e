//! Signing keys when the configuration changes: registries must take the next token too.

use super::{NOT_RELOADED, RELOADED, granting, pulling};
use crate::process::{DAY, Server, now, pair};

fn key_id(server: &Server) -> String {
    server.ask(None, "repository:a:pull").token_header()["kid"].as_str().unwrap().to_owned()
}

#[test]
fn a_key_that_registries_were_never_told_of_is_refused() {
    let (site, server) = pulling("");
    let before = key_id(&server);
    let other = pair(now() - DAY, now() + 300 * DAY);
    site.write("other.pem", &other.certificate_pem);
    site.write("other.key", &other.key_pem);
    let moved = |actions: &str| {
        granting(actions, "").replace("cert.pem", "other.pem").replace("key.pem", "other.key")
    };
    site.write("auth.yml", moved("push"));
    server.said(NOT_RELOADED, 1);
    assert!(server.stderr().contains("no reason to trust this one"), "{}", server.stderr());
    assert_eq!(key_id(&server), before);

    // Announced first, it may follow.
    let announced = granting("push", "").replace(
        "certificate: cert.pem, key: key.pem",
        "keys: [{certificate: cert.pem, key: key.pem}, {certificate: other.pem, key: other.key, services: [later]}]",
    );
    site.write("auth.yml", announced.replace(", services: [later]", ""));
    server.said(RELOADED, 1);
    assert_eq!(key_id(&server), before);
    site.write("auth.yml", moved("delete"));
    server.said(RELOADED, 2);
    assert_ne!(key_id(&server), before);
}

#[test]
fn the_same_key_elsewhere_is_the_same_key() {
    let (site, server) = pulling("");
    let before = key_id(&server);
    site.write("moved.pem", &site.pair.certificate_pem);
    site.write("moved.key", &site.pair.key_pem);
    let moved = granting("push", "").replace("cert.pem", "moved.pem").replace("key.pem", "moved.key");
    site.write("auth.yml", moved);
    server.said(RELOADED, 1);
    assert_eq!(key_id(&server), before);
}

#[test]
fn a_key_at_fault_does_not_hold_up_new_rules() {
    let (site, server) = pulling("");
    let before = key_id(&server);
    let stranger = pair(now() - DAY, now() + 300 * DAY);
    site.write("cert.pem", &stranger.certificate_pem);
    site.write("key.pem", &stranger.key_pem);
    server.said("the key from before goes on signing", 1);
    site.write("auth.yml", granting("push", ""));
    server.said(RELOADED, 1);
    assert_eq!((key_id(&server), super::granted(&server)), (before, "push".to_owned()));
}
