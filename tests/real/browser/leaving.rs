//! What becomes of an app password whose owner is no longer in the team, or no longer anybody.

use std::time::Duration;

use serde_json::{Value, json};

use super::chromium;
use super::person::{self, Wanted};
use super::provider;
use super::site::Site;
use crate::client::Client;
use crate::harness::poll;
use crate::image::Image;
use crate::registry::VERSIONS;
use crate::skopeo::Skopeo;

/// So soon the provider is asked again in these tests, by the second; what is asked in the background comes later.
const ASKED_AGAIN: &str = "      revalidate_after: 2s\n";
const NOTICED_WITHIN: Duration = Duration::from_secs(30);

fn started() -> Option<(Site, Skopeo)> {
    let options = provider::Options { rotates: true, ..provider::Options::default() };
    let site = Site::with(VERSIONS[2], Skopeo::COMPONENTS, ASKED_AGAIN, &options)?;
    let browser = site.browser(&chromium::Options::default())?;
    person::sign_in(&browser, "alice");
    let secret = person::new_password(&browser, "laptop", Wanted::default());
    let skopeo = Skopeo::at(site.home());
    person::typed(&skopeo, &person::command(&browser, "Skopeo"), &secret).succeeds();
    skopeo.push(&Image::of(&["hello"]), "team/app:1").succeeds();
    Some((site, skopeo))
}

#[test]
fn who_leaves_the_team_loses_push_and_who_comes_back_has_it() {
    let Some((site, skopeo)) = started() else { return };
    let image = Image::of(&["again"]);
    let push = || skopeo.push(&image, "team/app:2");

    let claims =
        |groups: Value| json!({"email": "alice@example.test", "email_verified": true, "groups": groups});
    site.provider.says("alice", &claims(json!([])));
    let refused = poll(NOTICED_WITHIN, || Some(push()).filter(|outcome| !outcome.is_success()));
    refused.unwrap_or_else(|| panic!("she pushes on:\n{}", site.logs())).fails_with("denied");
    assert_eq!(skopeo.pulled("team/app:1"), Image::of(&["hello"]), "that is everybody's");

    site.provider.says("alice", &claims(json!(["team"])));
    let pushed = poll(NOTICED_WITHIN, || Some(push()).filter(crate::harness::command::Outcome::is_success));
    assert!(pushed.is_some(), "{}", site.logs());
}

#[test]
fn who_is_suspended_is_refused() {
    let Some((site, skopeo)) = started() else { return };
    site.provider.says("alice", &Value::Null);
    let pull = || skopeo.pull("team/app:1");
    let refused = poll(NOTICED_WITHIN, || Some(pull()).filter(|outcome| !outcome.is_success()));
    refused.unwrap_or_else(|| panic!("she pulls on:\n{}", site.logs())).fails();
}

#[test]
fn a_provider_in_trouble_stops_nobody_at_first() {
    let Some((site, skopeo)) = started() else { return };
    site.provider.is_in_trouble(true);
    let asked = || site.provider.requests().iter().filter(|request| request.ends_with(" 500")).count();
    let push = || skopeo.push(&Image::of(&["again"]), "team/app:2");
    let was_asked = poll(NOTICED_WITHIN, || {
        push().succeeds();
        (asked() > 0).then_some(())
    });
    assert!(was_asked.is_some(), "it was never asked again:\n{}", site.provider.log());
    push().succeeds();
}
