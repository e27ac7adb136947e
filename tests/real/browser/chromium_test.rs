//! That the browser is one, and sees what the tests ask it for.

use serde_json::json;

use super::accessibility::{policy_violations, violations};
use super::chromium::{Browser, Options, Scheme};
use super::provider::{self, Provider};
use super::webdriver::key;
use crate::components::{self, AXE};
use crate::directory::authority::Authority;

fn page(head: &str, body: &str) -> String {
    let html = format!("<!doctype html><html lang=en><title>A page</title>{head}<main>{body}</main>");
    format!("data:text/html;charset=utf-8,{}", html.replace('#', "%23"))
}

const FORM: &str = "<h1>Who</h1><form><label>Name <input name=n></label> <button>Go</button></form>\
    <p id=said></p><script>document.forms[0].onsubmit = e => {\
    e.preventDefault(); said.textContent = 'hello ' + document.forms[0].n.value }</script>\
    <noscript><p id=without>no scripts here</p></noscript>";

#[test]
fn a_page_is_read_and_used() {
    let Some(browser) = Browser::start(&Options::default()) else { return };
    browser.open(&page("", FORM));
    assert_eq!(browser.title(), "A page");
    browser.find("input").fill("alice");
    browser.find_reading("button", "Go").click();
    browser.find_reading("#said", "hello alice");
    assert!(browser.all("#without").is_empty());
    assert_eq!(&browser.picture()[..4], b"\x89PNG");
}

#[test]
fn keys_are_enough() {
    let Some(browser) = Browser::start(&Options::default()) else { return };
    browser.open(&page("", FORM));
    browser.press(&[key::TAB]);
    assert_eq!(browser.focused().label(), "Name");
    browser.press(&['b', 'o', 'b', key::TAB, key::ENTER]);
    assert_eq!(browser.focused().label(), "Go");
    browser.find_reading("#said", "hello bob");
    browser.press_with(key::SHIFT, key::TAB);
    assert_eq!(browser.focused().label(), "Name");
}

#[test]
fn without_scripts_none_run() {
    let options = Options { without_scripts: true, ..Options::default() };
    let Some(browser) = Browser::start(&options) else { return };
    browser.open(&page("", FORM));
    browser.find_reading("#without", "no scripts here");
}

#[test]
fn colours_and_widths_are_those_asked_for() {
    let Some(browser) = Browser::start(&Options::default()) else { return };
    let style = "<style>p { color: rgb(1, 1, 1) } @media (prefers-color-scheme: dark) { p { color: rgb(2, 2, 2) } }\
        </style><meta name=viewport content='width=device-width'>";
    browser.open(&page(style, "<p>text</p>"));
    let colour = || browser.run("return getComputedStyle(document.querySelector('p')).color", &[]);
    browser.prefer(Scheme::Light);
    assert_eq!(colour(), "rgb(1, 1, 1)");
    browser.prefer(Scheme::Dark);
    assert_eq!(colour(), "rgb(2, 2, 2)");
    browser.resize(320, 640);
    assert_eq!(browser.run("return [innerWidth, innerHeight]", &[]), json!([320, 640]));
}

#[test]
fn what_breaks_a_rule_is_found() {
    let Some(browser) = Browser::start(&Options::default()).filter(|_| components::installed(&[AXE])) else {
        return;
    };
    browser.open(&page("", "<h1>Good</h1><p>text</p>"));
    assert_eq!(violations(&browser), [""; 0]);
    browser.open(&page("", "<h1>Bad</h1><input><p style='color: #eee'>pale</p>"));
    let found = violations(&browser).join("\n");
    assert!(found.contains("label") && found.contains("color-contrast"), "{found}");
}

#[test]
fn what_a_policy_forbids_is_noted() {
    let Some(browser) = Browser::start(&Options::default()) else { return };
    let policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">";
    browser.open(&page(policy, "<h1>Good</h1>"));
    assert_eq!(policy_violations(&browser.notes()), [""; 0]);
    browser.open(&page(policy, "<p style='color: red'>red</p>"));
    assert_ne!(policy_violations(&browser.notes()), [""; 0]);
}

#[test]
fn names_are_this_machine_and_the_authority_is_believed() {
    let authority = Authority::new();
    let tls = Some(authority.server(&["auth.example.test"]));
    let options = provider::Options { tls, ..provider::Options::default() };
    let Some(provider) = Provider::start(&json!({}), &options) else { return };
    let page =
        provider.issuer.replace("localhost", "auth.example.test") + "/.well-known/openid-configuration";

    let trusting = Options { trusts: Some(authority.certificate.clone()), ..Options::default() };
    let Some(browser) = Browser::start(&trusting) else { return };
    browser.open(&page);
    assert!(browser.find("body").text().contains(&provider.issuer));

    let Some(stranger) = Browser::start(&Options::default()) else { return };
    let refused = stranger.try_open(&page);
    let shown = stranger.source();
    assert!(shown.contains("ERR_CERT_AUTHORITY_INVALID"), "{refused:?}\n{shown}");
}
