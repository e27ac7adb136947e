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
    server.said("scheme=\"https\"", 1);
    let line = server.stderr().lines().find(|line| line.contains("https")).unwrap().to_owned();
    let address = line.split("address=").nth(1).unwrap().split(' ').next().unwrap();
    let second = crate::process::Address::Tcp(address.parse().unwrap());
    assert_eq!(second.get_tls(&own.certificate_pem, "/healthz", &[]).status, 200);
}
