//! Who may do what, as the registry makes the client feel it.

use crate::accounts::{ADMIN, ALICE, BOB, NOBODY, READER};
use crate::client::{Client, with_each_client};
use crate::image::Image;
use crate::site::Site;

with_each_client!(reader_pulls_and_does_not_push, account_without_rights, namespaces_are_their_owners);

fn reader_pulls_and_does_not_push<C: Client>() {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    let image = Image::of(&["hello"]);
    site.client_of::<C>(&ADMIN).push(&image, "team/app:1").succeeds();
    let reader: C = site.client_of(&READER);
    assert_eq!(reader.pulled("team/app:1"), image);
    reader.push(&Image::of(&["other"]), "team/app:1").fails_with(C::DENIED);
    reader.push(&image, "reader/app:1").fails_with(C::DENIED);
    assert_eq!(reader.pulled("team/app:1"), image, "it is still what it was");
}

/// Such an account signs in, and that is all.
fn account_without_rights<C: Client>() {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    let image = Image::of(&["hello"]);
    site.client_of::<C>(&ADMIN).push(&image, "public/hello:1").succeeds();
    let nobody: C = site.client_of(&NOBODY);
    nobody.pull("public/hello:1").fails_with(C::DENIED);
    nobody.push(&image, "nobody/app:1").fails_with(C::DENIED);
    if let Some(tags) = nobody.list_tags("public/hello") {
        tags.fails_with(C::DENIED);
    }
}

fn namespaces_are_their_owners<C: Client>() {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    let image = Image::of(&["hello"]);
    let bob: C = site.client_of(&BOB);
    bob.push(&image, "bob/app:1").succeeds();
    for name in ["alice/app:1", "bobby/app:1", "team/bob/app:1", "bob/deep/app:1", "bob:1"] {
        bob.push(&image, name).fails_with(C::DENIED);
    }
    site.client_of::<C>(&ALICE).pull("bob/app:1").fails_with(C::DENIED);
}
