//! The registry trusts tokens of every key, by certificate (x5c) and by key id alone.

use crate::accounts::ALICE;
use crate::api::open;
use crate::client::Client as _;
use crate::components::SKOPEO;
use crate::image::Image;
use crate::keys::Key;
use crate::site::Site;
use crate::skopeo::Skopeo;

#[test]
fn rsa_with_certificate() {
    registry_trusts(Key::Rsa2048, true);
}

#[test]
fn rsa_with_key_id_only() {
    registry_trusts(Key::Rsa2048, false);
}

#[test]
fn ec_with_certificate() {
    registry_trusts(Key::EcP256, true);
}

#[test]
fn ec_with_key_id_only() {
    registry_trusts(Key::EcP256, false);
}

#[test]
fn ec_with_leading_zero_and_key_id_only() {
    registry_trusts(Key::EcLeadingZero, false);
}

#[test]
fn ec_with_certificate_of_an_authority() {
    registry_trusts(Key::EcIssuedByAuthority, true);
}

#[track_caller]
fn registry_trusts(key: Key, x5c: bool) {
    let Some(site) = Site::signing_with(key, x5c, &[SKOPEO]) else { return };
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
