use crate::accounts::ADMIN;
use crate::client::{Client, with_each_client};
use crate::image::Image;
use crate::site::Site;

with_each_client!(pulls_the_public_repository_only, pushes_nothing);

fn pulls_the_public_repository_only<C: Client>() {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    let image = Image::of(&["hello"]);
    let admin: C = site.client_of(&ADMIN);
    let closed = ["public/hello2:1", "public/hello/sub:1", "private/hello:1"];
    for name in [&["public/hello:1"], closed.as_slice()].concat() {
        admin.push(&image, name).succeeds();
    }
    let anonymous: C = site.client();
    assert_eq!(anonymous.pulled("public/hello:1"), image);
    for name in closed {
        anonymous.pull(name).fails_with(C::DENIED);
    }
}

fn pushes_nothing<C: Client>() {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    let anonymous: C = site.client();
    for name in ["public/hello:1", "hello:1"] {
        anonymous.push(&Image::of(&["mine"]), name).fails_with(C::DENIED);
    }
}
