use crate::accounts::{ADMIN, ALICE};
use crate::client::{Client, with_clients, with_each_client};
use crate::image::Image;
use crate::site::Site;

with_each_client!(pulled_is_what_was_pushed);
with_clients!([skopeo Skopeo, podman Podman, crane Crane, oras Oras, regctl Regctl], tags_are_listed);

fn pulled_is_what_was_pushed<C: Client>() {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    let image = Image::of(&["first", "second", "third"]);
    site.client_of::<C>(&ALICE).push(&image, "alice/app:1").succeeds();
    // Another client with nothing in store, and another account.
    assert_eq!(site.client_of::<C>(&ADMIN).pulled("alice/app:1"), image);
}

fn tags_are_listed<C: Client>() {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    let client: C = site.client_of(&ALICE);
    for (word, tag) in [("first", "v1.0"), ("second", "v2.0")] {
        client.push(&Image::of(&["base", word]), &format!("alice/app:{tag}")).succeeds();
    }
    let tags = client.list_tags("alice/app").expect("it lists tags").succeeds();
    assert!(["v1.0", "v2.0"].iter().all(|tag| tags.stdout.contains(tag)), "{tags}");
}
