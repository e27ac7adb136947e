//! Everything but the copy buttons works in a browser that runs no scripts.

use super::chromium;
use super::person::{self, Wanted};
use super::site::Site;
use crate::registry::VERSIONS;

#[test]
fn the_whole_way() {
    let Some(site) = Site::start(VERSIONS[0], &[]) else { return };
    let options = chromium::Options { without_scripts: true, ..chromium::Options::default() };
    let Some(browser) = site.browser(&options) else { return };
    person::sign_in(&browser, "alice");
    assert!(person::command(&browser, "Podman").starts_with("podman login -u alice@example.test "));
    person::new_password(&browser, "laptop", Wanted::default());
    // A button that could do nothing is not there.
    assert!(browser.all("button[data-copy]").iter().all(|button| !button.is_shown()));
    browser.find_reading("a", "I have copied it").click();
    assert_eq!(person::listed(&browser), ["laptop"]);
    person::revoke(&browser, "laptop");
    assert_eq!(person::listed(&browser), [""; 0]);
    person::sign_out(&browser);
}
