//! A TLS certificate that is renewed.

use super::{NOT_RELOADED, RELOADED, granting};
use crate::process::{DAY, Server, Site, now, pair};

#[test]
fn new_connections_get_the_new_certificate() {
    let site = Site::with(&granting("pull", ", certificate: tls.pem, key: tls.key"));
    let (old, new) = (pair(now() - DAY, now() + 9 * DAY), pair(now() - DAY, now() + 300 * DAY));
    site.write("tls.pem", &old.certificate_pem);
    site.write("tls.key", &old.key_pem);
    let server = Server::start(&site, "auth.yml");
    let status = |pem: &str| server.address().get_tls(pem, "/healthz", &[]).status;
    assert_eq!(status(&old.certificate_pem), 200);

    site.write("tls.pem", &new.certificate_pem);
    // A certificate without its key changes nothing.
    server.said(NOT_RELOADED, 1);
    assert_eq!(status(&old.certificate_pem), 200);
    site.write("tls.key", &new.key_pem);
    server.said(RELOADED, 1);
    assert_eq!(status(&new.certificate_pem), 200);
}

#[test]
fn a_door_with_a_certificate_of_its_own() {
    let site = Site::with(&granting(
        "pull",
        ", listeners: [{addr: '127.0.0.1:0', certificate: tls.pem, key: tls.key}]",
    ));
    let own = pair(now() - DAY, now() + 300 * DAY);
    site.write("tls.pem", &own.certificate_pem);
    site.write("tls.key", &own.key_pem);
    let server = Server::start(&site, "auth.yml");
    assert_eq!(server.address().get("/healthz", None).status, 200, "the first door speaks plain HTTP");
    let second = &server.doors(2)[1];
    let status = |pem: &str| second.get_tls(pem, "/healthz", &[]).status;
    assert_eq!(status(&own.certificate_pem), 200);

    let renewed = pair(now() - DAY, now() + 400 * DAY);
    site.write("tls.key", &renewed.key_pem);
    server.said(NOT_RELOADED, 1);
    site.write("tls.pem", &renewed.certificate_pem);
    server.said(RELOADED, 1);
    assert_eq!(status(&renewed.certificate_pem), 200);
    assert_eq!(server.doors(2).len(), 2, "the door was closed and opened again");
    assert_eq!(server.address().get("/healthz", None).status, 200);
}
