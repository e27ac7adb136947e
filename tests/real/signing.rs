//! Registries trust tokens of every key: every version by certificate (x5c), 2.8 by the id that is the default, and 3.x
//! by the keys that the server publishes.

use crate::accounts::ALICE;
use crate::api::open;
use crate::client::Client as _;
use crate::components::SKOPEO;
use crate::image::Image;
use crate::keys::Key;
use crate::registry::VERSIONS;
use crate::site::Site;
use crate::skopeo::Skopeo;

#[test]
fn rsa_with_certificate() {
    every_version_trusts(Key::Rsa2048);
}

#[test]
fn ec_with_certificate() {
    every_version_trusts(Key::EcP256);
}

#[test]
fn ec_with_leading_zero_and_certificate() {
    every_version_trusts(Key::EcLeadingZero);
}

#[test]
fn ec_with_certificate_of_an_authority() {
    every_version_trusts(Key::EcIssuedByAuthority);
}

#[test]
fn rsa_with_key_id_only() {
    trusted(Site::signing_with(Key::Rsa2048, false, &[SKOPEO]), Key::Rsa2048, false);
}

#[test]
fn ec_with_key_id_only() {
    trusted(Site::signing_with(Key::EcP256, false, &[SKOPEO]), Key::EcP256, false);
}

#[test]
fn ec_with_leading_zero_and_key_id_only() {
    trusted(Site::signing_with(Key::EcLeadingZero, false, &[SKOPEO]), Key::EcLeadingZero, false);
}

#[test]
fn published_rsa_key() {
    third_generation_trusts_published(Key::Rsa2048);
}

#[test]
fn published_ec_key() {
    third_generation_trusts_published(Key::EcP256);
}

#[test]
fn published_ec_key_with_leading_zero() {
    third_generation_trusts_published(Key::EcLeadingZero);
}

#[track_caller]
fn every_version_trusts(key: Key) {
    for version in VERSIONS {
        trusted(Site::of_version(version, key, true, &[SKOPEO]), key, true);
    }
}

#[track_caller]
fn third_generation_trusts_published(key: Key) {
    for version in &VERSIONS[1..] {
        trusted(Site::of_version_with_jwks(*version, key, &[SKOPEO]), key, false);
    }
}

#[track_caller]
fn trusted(site: Option<Site>, key: Key, x5c: bool) {
    let Some(site) = site else { return };
    let [header, _] = open(&site.api(Some(&ALICE)).token("repository:alice/app:pull"));
    assert_eq!(header["alg"], key.algorithm(), "{header}");
    assert_eq!(
        header["kid"].as_str().map(|kid| kid.split(':').count()),
        Some(12),
        "a libtrust key id: {header}"
    );
    let certificates = header["x5c"].as_array().map_or(0, Vec::len);
    assert_eq!(certificates, usize::from(x5c), "the leaf, never the root: {header}");

    let image = Image::of(&["signed"]);
    let skopeo: Skopeo = site.client_of(&ALICE);
    skopeo.push(&image, "alice/app:1").succeeds();
    assert_eq!(skopeo.pulled("alice/app:1"), image);
}
