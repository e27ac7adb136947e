//! skopeo asks for the action `*` when it deletes.

use serde_json::json;

use crate::accounts::{ADMIN, ALICE, Account, BOB, JANITOR, READER};
use crate::api::open;
use crate::client::Client as _;
use crate::clients::skopeo::Skopeo;
use crate::components::SKOPEO;
use crate::harness::command::Outcome;
use crate::image::Image;
use crate::site::Site;

#[test]
fn owner_deletes() {
    deletes(&ALICE);
}

#[test]
fn account_with_pull_and_delete_deletes() {
    deletes(&JANITOR);
    let Some(site) = Site::start(&[]) else { return };
    let [_, claims] = open(&site.api(Some(&JANITOR)).token("repository:alice/app:*"));
    assert_eq!(
        claims["access"][0]["actions"],
        json!(["delete", "pull"]),
        "all that the rule grants: {claims}"
    );
}

fn deletes(account: &Account) {
    let Some(site) = with_image() else { return };
    let skopeo: Skopeo = site.client_of(account);
    delete(&skopeo).succeeds();
    skopeo.pull("alice/app:1").fails_with("manifest unknown");
}

#[test]
fn others_do_not_delete() {
    let Some(site) = with_image() else { return };
    for account in [&READER, &BOB] {
        delete(&site.client_of(account)).fails_with("UNAUTHORIZED");
    }
    delete(&site.client()).fails_with("UNAUTHORIZED");
    assert_eq!(site.client_of::<Skopeo>(&ADMIN).pulled("alice/app:1"), image());
}

fn delete(skopeo: &Skopeo) -> Outcome {
    skopeo.delete("alice/app:1").expect("skopeo deletes")
}

fn with_image() -> Option<Site> {
    let site = Site::start(&[SKOPEO])?;
    site.client_of::<Skopeo>(&ALICE).push(&image(), "alice/app:1").succeeds();
    Some(site)
}

fn image() -> Image {
    Image::of(&["hello"])
}
