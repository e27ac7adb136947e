//! Cross-repository mounts: a layer that the registry has already is not sent again, and nobody gets at
//! layers this way that they may not pull.

use crate::accounts::{ADMIN, ALICE, Account, BOB, READER};
use crate::client::{Client, with_clients};
use crate::clients::skopeo::Skopeo;
use crate::components::SKOPEO;
use crate::harness::http::encode;
use crate::image::Image;
use crate::registry::Access;
use crate::site::Site;

with_clients!([skopeo Skopeo, podman Podman, buildah Buildah], own_layer_is_mounted, layer_of_others_is_sent_again);

fn own_layer_is_mounted<C: Client>() {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    let client: C = site.client_of(&ALICE);
    client.push(&Image::of(&["shared", "old"]), "alice/old:1").succeeds();
    client.push(&Image::of(&["shared", "new"]), "alice/new:1").succeeds();
    assert_eq!(mounts(&site, "alice/old", "alice/new"), [201], "{}", site.logs());
}

/// The client remembers where it sent the layer as alice, and looks for it there as bob.
fn layer_of_others_is_sent_again<C: Client>() {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    let client: C = site.client_of(&ALICE);
    let image = Image::of(&["shared"]);
    client.push(&image, "alice/app:1").succeeds();
    let as_alice = site.accesses().len();
    client.login(BOB.name, BOB.password).succeeds();
    client.push(&image, "bob/app:1").succeeds();
    let accesses = site.accesses().split_off(as_alice);
    let looked = |access: &&Access| access.target.starts_with("/v2/alice/app/blobs/");
    let mut answers: Vec<u16> = accesses.iter().filter(looked).map(|access| access.status).collect();
    answers.dedup(); // it tries again with another token
    assert_eq!(answers, [401], "{}", site.logs());
    assert_eq!(client.pulled("bob/app:1"), image);
}

#[test]
fn mount_asks_both_repositories() {
    let Some(site) = Site::start(&[SKOPEO]) else { return };
    let image = Image::of(&["shared"]);
    site.client_of::<Skopeo>(&ALICE).push(&image, "alice/app:1").succeeds();
    let layer = encode(&image.layer_digest(0));
    let mount = |account: &Account, into: &str| {
        let target = format!("/v2/{into}/blobs/uploads/?mount={layer}&from=alice/app");
        site.api(Some(account)).ask("POST", &target).status
    };
    assert_eq!(mount(&ADMIN, "bob/app"), 201, "may push there and pull here");
    assert_eq!(mount(&BOB, "bob/other"), 401, "may push there, not pull here");
    assert_eq!(mount(&READER, "bob/other"), 401, "may pull here, not push there");
}

/// How the registry answered to mounts of `from` in `into`.
fn mounts(site: &Site, from: &str, into: &str) -> Vec<u16> {
    let mount = format!("/v2/{into}/blobs/uploads/?from={}&mount=", encode(from));
    let accesses = site.accesses().into_iter().filter(|access| access.target.starts_with(&mount));
    accesses.map(|access| access.status).collect()
}
