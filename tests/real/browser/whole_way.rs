//! From the first page to a push, and back: what somebody does who has nothing but an account at the provider.

use super::chromium;
use super::person::{self, Wanted};
use super::site::Site;
use crate::client::Client;
use crate::clients::docker::Docker;
use crate::image::Image;
use crate::registry::{VERSIONS, Version};
use crate::skopeo::Skopeo;

const DENIED: &str = "denied";

#[test]
fn skopeo_and_registry_2_8() {
    signed_in_pushed_revoked::<Skopeo>(VERSIONS[0], "Skopeo");
}

#[test]
fn skopeo_and_registry_3_1() {
    signed_in_pushed_revoked::<Skopeo>(VERSIONS[2], "Skopeo");
}

#[test]
fn docker_and_registry_2_8() {
    signed_in_pushed_revoked::<Docker>(VERSIONS[0], "Docker");
}

fn signed_in_pushed_revoked<C: Client>(version: Version, client: &str) {
    let Some(site) = Site::start(version, C::COMPONENTS) else { return };
    let Some(browser) = site.browser(&chromium::Options::default()) else { return };
    person::sign_in(&browser, "alice");
    assert!(browser.find(".who").text().contains("alice@example.test"));
    let secret = person::new_password(&browser, "laptop", Wanted::default());
    let command = person::command(&browser, client);
    assert!(
        command.ends_with(&format!(" -u alice@example.test --password-stdin {}", site.registry)),
        "{command}"
    );

    let alice = C::at(site.home());
    person::typed(&alice, &command, &secret).succeeds();
    alice.push(&Image::of(&["hello"]), "team/app:1").succeeds();
    assert_eq!(alice.pulled("team/app:1"), Image::of(&["hello"]));

    browser.find_reading("a", "I have copied it").click();
    assert_eq!(person::listed(&browser), ["laptop"]);
    let row = person::row(&browser, "laptop");
    assert!(row.contains(" from 127.0.0.1"), "{row}");
    assert!(!browser.source().contains(&secret), "it is shown once");
    person::revoke(&browser, "laptop");
    assert_eq!(person::listed(&browser), [""; 0]);
    alice.push(&Image::of(&["again"]), "team/app:2").fails();
    person::typed(&alice, &command, &secret).fails();
    assert!(!site.dockgate.log().contains(&secret), "{}", site.logs());
}

#[test]
fn what_a_password_is_for_is_all_it_does() {
    let Some(site) = Site::start(VERSIONS[2], Skopeo::COMPONENTS) else { return };
    let Some(browser) = site.browser(&chromium::Options::default()) else { return };
    person::sign_in(&browser, "alice");
    let pulls = person::new_password(&browser, "pulls", Wanted { pull_only: true, ..Wanted::default() });
    browser.find_reading("a", "I have copied it").click();
    let one = person::new_password(&browser, "one", Wanted { patterns: "team/one", ..Wanted::default() });
    let command = person::command(&browser, "Skopeo");
    browser.find_reading("a", "I have copied it").click();
    assert!(person::row(&browser, "pulls").contains("repository:**:pull"));

    let image = Image::of(&["hello"]);
    let [one_client, pulling] = [(); 2].map(|()| Skopeo::at(site.home()));
    person::typed(&one_client, &command, &one).succeeds();
    one_client.push(&image, "team/one:1").succeeds();
    one_client.push(&image, "team/other:1").fails_with(DENIED);
    person::typed(&pulling, &command, &pulls).succeeds();
    assert_eq!(pulling.pulled("team/one:1"), image);
    pulling.push(&image, "team/one:2").fails_with(DENIED);
}

#[test]
fn who_is_in_no_team_pulls_and_does_not_push() {
    let Some(site) = Site::start(VERSIONS[2], Skopeo::COMPONENTS) else { return };
    let [Some(alices), Some(bobs)] = [(); 2].map(|()| site.browser(&chromium::Options::default())) else {
        return;
    };
    let client = |browser: &chromium::Browser, name: &str| {
        person::sign_in(browser, name);
        let secret = person::new_password(browser, "laptop", Wanted::default());
        let client = Skopeo::at(site.home());
        person::typed(&client, &person::command(browser, "Skopeo"), &secret).succeeds();
        client
    };
    let image = Image::of(&["hello"]);
    client(&alices, "alice").push(&image, "team/app:1").succeeds();
    let bob = client(&bobs, "bob");
    assert_eq!(bob.pulled("team/app:1"), image);
    bob.push(&image, "team/app:2").fails_with(DENIED);
}

#[test]
fn signing_out_ends_the_session_here_and_there() {
    let Some(site) = Site::start(VERSIONS[0], &[]) else { return };
    let Some(browser) = site.browser(&chromium::Options::default()) else { return };
    person::sign_in(&browser, "alice");
    let session = browser.cookies();
    assert!(
        session.iter().all(|cookie| cookie["httpOnly"] == true && cookie["sameSite"] == "Lax"),
        "{session:?}"
    );
    person::sign_out(&browser);
    browser.find(".button").click();
    // The provider asks whether it is meant.
    browser.find("button[name=logout]").click();
    browser.find_reading("h1", "Sign in");
    assert_eq!(browser.url(), site.page("/"));
    person::choose(&browser, super::site::TITLE);
    browser.find("input[name=login]");
}
