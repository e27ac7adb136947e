//! Certificates that have expired before the start.

use std::fs;

use super::pair::{CERTIFICATE, KEY, Pair};
use crate::accounts::ALICE;
use crate::api::open;
use crate::client::Client as _;
use crate::components::SKOPEO;
use crate::dockgate;
use crate::image::Image;
use crate::registry::{TrustFiles, VERSIONS};
use crate::site::Site;
use crate::skopeo::Skopeo;

#[test]
fn flat_configuration_goes_without_it_and_says_so() {
    let site = Site::with_keys(VERSIONS[0], &[SKOPEO], |dir| {
        Pair::expired().write(dir);
        let bundle = dir.join(CERTIFICATE);
        (token_section(), |_: &str| TrustFiles { bundle: Some(bundle), jwks: None })
    });
    let Some(site) = site else { return };
    let [header, _] = open(&site.api(Some(&ALICE)).token("repository:alice/app:pull"));
    assert_eq!((header.get("x5c"), header["kid"].is_string()), (None, true), "{header}");
    let log = site.dockgate.log();
    let warned = |line: &str| line.contains("WARN") && line.contains("the signing certificate has expired");
    assert!(log.lines().any(warned), "{log}");

    let image = Image::of(&["signed"]);
    let skopeo: Skopeo = site.client_of(&ALICE);
    skopeo.push(&image, "alice/app:1").succeeds();
    assert_eq!(skopeo.pulled("alice/app:1"), image);
}

#[test]
fn lists_refuse_it() {
    let dir = tempfile::tempdir().unwrap();
    Pair::expired().write(dir.path());
    let text = format!(
        "server:\n  addr: \"127.0.0.1:0\"\ntoken:\n  issuer: \"tests\"\n  expiration: 900\n{}\
         authn:\n  - users:\n      \"\": {{}}\nauthz:\n  - acl:\n      - match: {{}}\n        actions: [\"*\"]\n",
        token_section(),
    );
    fs::write(dir.path().join("lists.yml"), text).unwrap();
    let refused = dockgate::run(dir.path(), &["serve", "lists.yml"]);
    refused
        .fails_with("token.certificate: the signing certificate has expired: renew it, or write `x5c: false`")
        .fails_with("1 problem, nothing was started");
}

fn token_section() -> String {
    format!("  certificate: {CERTIFICATE}\n  key: {KEY}\n")
}
