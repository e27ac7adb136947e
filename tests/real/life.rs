use crate::accounts::ALICE;
use crate::client::Client as _;
use crate::clients::skopeo::Skopeo;
use crate::components::SKOPEO;
use crate::harness::http::request;
use crate::image::Image;
use crate::site::Site;

#[test]
fn serves_until_it_is_asked_to_end() {
    let Some(mut site) = Site::start(&[SKOPEO]) else { return };
    assert_eq!(request("GET", &site.dockgate_host, "/healthz", None).status, 200);
    let image = Image::of(&["hello"]);
    let skopeo: Skopeo = site.client_of(&ALICE);
    skopeo.push(&image, "alice/app:1").succeeds();
    let token = site.api(Some(&ALICE)).token("repository:alice/app:pull");

    let status = site.dockgate.terminate().unwrap_or_else(|| panic!("it still runs:\n{}", site.logs()));
    assert_eq!(status.code(), Some(0), "{status}\n{}", site.logs());

    // The registry goes on by itself: tokens that were given stay good, and new ones are not to be had.
    let tags =
        request("GET", &site.registry_host, "/v2/alice/app/tags/list", Some(&format!("Bearer {token}")));
    assert_eq!(tags.status, 200, "{tags:?}");
    skopeo.pull("alice/app:1").fails_with("connection refused");
}
