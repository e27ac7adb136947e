use serde_json::json;

use crate::accounts::{ADMIN, ALICE, AUDITOR, Account, READER};
use crate::client::Client as _;
use crate::clients::podman::Podman;
use crate::components::PODMAN;
use crate::image::Image;
use crate::site::Site;

#[test]
fn catalog_is_for_those_who_may() {
    let Some(site) = Site::start(&[PODMAN]) else { return };
    let image = Image::of(&["hello"]);
    site.client_of::<Podman>(&ALICE).push(&image, "alice/app:1").succeeds();

    let catalog = |account: Option<&Account>| site.api(account).ask("GET", "/v2/_catalog");
    for account in [&ADMIN, &AUDITOR] {
        let answer = catalog(Some(account));
        assert_eq!(answer.status, 200, "{answer:?}\n{}", site.logs());
        assert_eq!(answer.json(), json!({"repositories": ["alice/app"]}));
    }
    for account in [Some(&READER), Some(&ALICE), None] {
        assert_eq!(catalog(account).status, 401, "{}", site.logs());
    }
    site.client_of::<Podman>(&AUDITOR).pull("alice/app:1").fails_with("access to the resource is denied");
}

#[test]
fn podman_searches_the_catalog() {
    let Some(site) = Site::start(&[PODMAN]) else { return };
    let admin: Podman = site.client_of(&ADMIN);
    admin.push(&Image::of(&["hello"]), "public/hello:1").succeeds();
    let found = admin.search_catalog("hello").succeeds();
    assert!(found.stdout.contains("public/hello"), "{found}");
    site.client_of::<Podman>(&READER).search_catalog("hello").fails_with("access to the resource is denied");
}
