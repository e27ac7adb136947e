//! The whole way with the keyboard alone.

use super::chromium::{self, Browser};
use super::person;
use super::site::{Site, TITLE};
use super::webdriver::key;
use crate::registry::VERSIONS;

/// No page has so many places to stop at.
const MOST_STOPS: usize = 60;

#[test]
fn the_whole_way() {
    let Some(site) = Site::start(VERSIONS[0], &[]) else { return };
    let Some(browser) = site.browser(&chromium::Options::default()) else { return };
    // The first stop leads past what is on every page.
    browser.press(&[key::TAB]);
    assert_eq!(browser.focused().text(), "Skip to the content");
    browser.press(&[key::ENTER]);
    press(&browser, &format!("Sign in with {TITLE}"));

    // The provider's pages put the cursor into their first field.
    browser.find("input[name=login]");
    browser.press(&['a', 'l', 'i', 'c', 'e', key::TAB, 'p', key::ENTER]);
    browser.find_reading("button[type=submit]", "Continue");
    press(&browser, "Continue");

    browser.find_reading("h1", "App passwords");
    until_focused(&browser, "Name");
    browser.press(&['p', 'c']);
    press(&browser, "Create app password");
    browser.find_reading("h1", "Your new app password");
    press(&browser, "I have copied it");
    browser.find_reading("tbody th", "pc");
    press(&browser, "Revoke pc");
    browser.find_reading("[role=status]", "The app password is revoked.");
    assert_eq!(person::listed(&browser), [""; 0]);
    press(&browser, "Sign out");
    browser.find_reading("h1", "You are signed out");
}

/// Goes from stop to stop to what is called so, and presses Enter there.
#[track_caller]
fn press(browser: &Browser, label: &str) {
    until_focused(browser, label);
    browser.press(&[key::ENTER]);
}

#[track_caller]
fn until_focused(browser: &Browser, label: &str) {
    let mut stops = Vec::new();
    while stops.len() < MOST_STOPS {
        let stop = browser.focused().label();
        if stop == label {
            let shown = browser.run(
                "const style = getComputedStyle(document.activeElement); return style.outlineStyle",
                &[],
            );
            assert_ne!(shown, "none", "nobody sees that {label:?} has the focus");
            return;
        }
        stops.push(stop);
        browser.press(&[key::TAB]);
    }
    panic!("no stop is called {label:?}, at {}: {stops:?}", browser.url());
}
