//! Each page as people see it: bright and dark, wide and narrow, with programs that read it out.

use super::accessibility::{policy_violations, violations};
use super::chromium::{Browser, Options, Scheme};
use super::person::{self, Wanted};
use super::site::{Site, TITLE};
use super::webdriver::key;
use crate::components::AXE;
use crate::registry::VERSIONS;

/// The width of a small phone, in CSS pixels.
const NARROW: u32 = 320;

#[test]
fn no_page_keeps_anybody_out() {
    let Some(site) = Site::start(VERSIONS[0], &[AXE]) else { return };
    let Some(browser) = site.browser(&Options::default()) else { return };
    looks_good(&browser, "Sign in");
    browser.open(&site.page("/nothing-here"));
    browser.open(&site.page("/oidc_auth?code=of-nobody&state=of-nobody"));
    looks_good(&browser, "");

    browser.open(&site.page("/"));
    person::sign_in(&browser, "alice");
    looks_good(&browser, "App passwords");
    person::new_password(&browser, "laptop", Wanted { pull_only: true, patterns: "team/*\nbase" });
    looks_good(&browser, "Your new app password");
    browser.find_reading("a", "I have copied it").click();
    looks_good(&browser, "App passwords");
    browser.find("#name").fill("wrong");
    browser.find("#patterns").fill("registry.example.com:5000/team");
    browser.find_reading("button", "Create app password").click();
    browser.find("#patterns-error");
    looks_good(&browser, "App passwords");
    person::revoke(&browser, "laptop");
    looks_good(&browser, "App passwords");
    browser.open(&site.page("/device"));
    looks_good(&browser, "");
    browser.open(&site.page("/"));
    person::sign_out(&browser);
    looks_good(&browser, "You are signed out");
}

#[test]
fn what_others_chose_is_text() {
    let Some(site) = Site::start(VERSIONS[0], &[]) else { return };
    let Some(browser) = site.browser(&Options::default()) else { return };
    assert_eq!(browser.find(".providers a").text(), format!("Sign in with {TITLE}"));
    person::sign_in(&browser, "alice");
    let name = "<img src=x onerror=alert(1)> & \"co\" 'n";
    person::new_password(&browser, name, Wanted::default());
    assert!(browser.find("main").text().contains(name));
    browser.find_reading("a", "I have copied it").click();
    assert_eq!(person::listed(&browser), [name]);
    assert!(browser.all("main img").is_empty());
}

#[test]
fn a_copy_button_copies() {
    let Some(site) = Site::start(VERSIONS[0], &[]) else { return };
    let Some(browser) = site.browser(&Options::default()) else { return };
    person::sign_in(&browser, "alice");
    let secret = person::new_password(&browser, "laptop", Wanted::default());
    browser.find("button[data-copy=secret]").click();
    browser.find_reading("#said", "Copied.");
    browser.find_reading("a", "I have copied it").click();
    // Pasted where it can be read.
    browser.find("#name").click();
    browser.press_with(key::CONTROL, 'v');
    assert_eq!(browser.find("#name").property("value"), secret);
}

/// With its heading; any if that is empty.
#[track_caller]
fn looks_good(browser: &Browser, heading: &str) {
    if !heading.is_empty() {
        browser.find_reading("h1", heading);
    }
    let url = browser.url();
    assert_eq!(policy_violations(&browser.notes()), [""; 0], "{url}");
    for scheme in [Scheme::Light, Scheme::Dark] {
        browser.prefer(scheme);
        for width in [1000, NARROW] {
            browser.resize(width, 900);
            assert_eq!(violations(browser), [""; 0], "{url}, {scheme:?}, {width} wide");
            let wide = browser.run("return document.documentElement.scrollWidth", &[]);
            assert!(wide.as_u64() <= Some(width.into()), "{url} is {wide} wide in a window of {width}");
        }
    }
    browser.resize(1000, 900);
    // What the rules did on the page is no matter of the page's.
    browser.notes();
}
