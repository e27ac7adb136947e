//! The pictures of the book: each is there, and small. `make pictures` takes them anew.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::chromium::{self, Browser, Scheme};
use super::person::{self, Wanted};
use super::site::{Site, TITLE};
use crate::components::NODE;
use crate::registry::VERSIONS;

const WIDTH: u32 = 800;
const LARGEST: u64 = 60 * 1024;
const PAGES: [&str; 3] = ["choose-provider", "app-passwords", "new-app-password"];

#[test]
fn the_pages_are_in_the_book() {
    if env::var("UPDATE_PICTURES").as_deref() == Ok("1") {
        taken();
    }
    for page in PAGES {
        for scheme in ["light", "dark"] {
            let file = file(page, scheme);
            let size =
                fs::metadata(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())).len();
            assert!(size < LARGEST, "{} has {size} bytes", file.display());
        }
    }
}

fn file(page: &str, scheme: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/pictures/{page}-{scheme}.png"))
}

fn taken() {
    let site = Site::start(VERSIONS[0], &[]).unwrap();
    // As people would have it, in place of what tests want to see.
    site.rewrite(|config| {
        config.replace(&site.registry, "registry.example.com").replace(TITLE, "Acme ID").replace(
            "authz:",
            "  - oidc_auth: {issuer: \"https://id.example.com\", client_id: a, client_secret: b, title: \"Partner ID\", \
             user_claim: preferred_username}\n    name: partners\nauthz:",
        )
    });
    let browser = site.browser(&chromium::Options::default()).unwrap();
    take(&browser, PAGES[0]);
    person::choose(&browser, "Acme ID");
    person::at_provider(&browser, "alice");
    browser.find_reading("h1", "App passwords");
    person::new_password(&browser, "laptop", Wanted::default());
    browser.find_reading("a", "I have copied it").click();
    person::new_password(&browser, "build server", Wanted { pull_only: true, patterns: "team/*" });
    blur(&browser);
    take(&browser, PAGES[2]);
    browser.find_reading("a", "I have copied it").click();
    take(&browser, PAGES[1]);
}

/// A secret in a picture would be found by whoever looks for secrets.
fn blur(browser: &Browser) {
    browser.run("document.getElementById('secret').textContent = 'dgp_' + 'x'.repeat(58)", &[]);
}

fn take(browser: &Browser, page: &str) {
    browser.resize(WIDTH, 900);
    let height = browser.run("return document.documentElement.scrollHeight", &[]).as_u64().unwrap();
    browser.resize(WIDTH, height.try_into().unwrap());
    for (scheme, name) in [(Scheme::Light, "light"), (Scheme::Dark, "dark")] {
        browser.prefer(scheme);
        let file = file(page, name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, browser.picture()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/browser/smaller.mjs");
        let smaller = Command::new(NODE.program).arg(script).arg(&file).status().unwrap();
        assert!(smaller.success(), "{}", file.display());
    }
}
