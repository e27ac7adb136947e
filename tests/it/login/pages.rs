//! How the pages are made: for keyboards, screen readers, without scripts, in the dark.

use super::Site;
use crate::support::Answer;

fn pages(site: &Site) -> Vec<Answer> {
    let mut browser = site.browser();
    let first = browser.get("/");
    let trouble = browser.get("/github_auth?code=x&state=y");
    browser.sign_in("/github_auth", "alice");
    let made = browser.submit("/app-passwords", &[("name", "laptop"), ("pull", "1")]);
    let home = browser.get("/");
    let out = browser.submit("/sign-out", &[]);
    vec![first, trouble, made, home, out]
}

#[test]
fn every_page_can_be_read_aloud() {
    let site = Site::with("login: {title: Acme registry}\n");
    for page in pages(&site) {
        let text = page.text();
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        for part in [
            "<!doctype html>",
            "<html lang=\"en\">",
            "· Acme registry</title>",
            "<a class=\"skip\" href=\"#main\">",
            "<header>",
            "<main id=\"main\" tabindex=\"-1\">",
            "aria-live=\"polite\"",
            "name=\"viewport\"",
        ] {
            assert_eq!(text.matches(part).count(), 1, "{part}: {text}");
        }
        assert_eq!(text.matches("<h1>").count(), 1);
        for id in text.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert_eq!(text.matches(&format!(" id=\"{id}\"")).count(), 1, "{id} twice: {text}");
        }
        for named in ["for=\"", "aria-labelledby=\"", "data-copy=\""] {
            for id in text.split(named).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                assert!(text.contains(&format!(" id=\"{id}\"")), "{named}{id} names nothing: {text}");
            }
        }
        for control in text.split("<input ").skip(1).chain(text.split("<textarea ").skip(1)) {
            let control = control.split('>').next().unwrap();
            let id = control.split_once("id=\"").map(|(_, rest)| rest.split('"').next().unwrap());
            let is_labelled = id.is_some_and(|id| text.contains(&format!("<label for=\"{id}\">")));
            assert!(is_labelled || control.contains("type=\"hidden\""), "{control} has no label");
        }
    }
}

#[test]
fn without_a_script_everything_is_there_but_the_copy_buttons() {
    let site = Site::new();
    for page in pages(&site) {
        for button in page.text().split("<button ").skip(1) {
            let button = button.split('>').next().unwrap();
            let is_of_form = button.contains("type=\"submit\"") || button == "type=\"submit\"";
            assert!(is_of_form || button.ends_with("hidden"), "{button}");
        }
    }
}

#[test]
fn style_script_and_logo_come_from_here_and_may_be_kept() {
    let directory = tempfile::tempdir().unwrap();
    let logo = directory.path().join("logo.svg");
    std::fs::write(&logo, "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>").unwrap();
    let site = Site::with(&format!("login: {{logo: \"{}\"}}\n", logo.display()));
    let mut browser = site.browser();
    let page = browser.get("/");
    for (name, kind) in [
        ("style.css", "text/css; charset=utf-8"),
        ("copy.js", "text/javascript; charset=utf-8"),
        ("logo", "image/svg+xml"),
    ] {
        let before = format!("\"/assets/{name}?v=");
        let version = page.text().split_once(&before).expect(name).1.split('"').next().unwrap();
        let asset = browser.get(&format!("/assets/{name}?v={version}"));
        assert_eq!((asset.status, asset.header("content-type")), (200, kind));
        assert_eq!(asset.header("x-content-type-options"), "nosniff");
        assert!(asset.header("cache-control").contains("immutable"));
        assert!(asset.header("content-security-policy").contains("sandbox"), "an SVG does nothing");
    }
    assert!(browser.get("/assets/style.css").text().contains("prefers-color-scheme: dark"));
    for none in ["/assets/../style.css", "/assets/other", "/assets/"] {
        assert_eq!(browser.get(none).status, 404, "{none}");
    }
    let plain = Site::new();
    assert!(!plain.browser().get("/").text().contains("<img"));
    assert_eq!(plain.browser().get("/assets/logo").status, 404);
}

#[test]
fn a_wrong_method_gets_a_page_too() {
    let site = Site::new();
    for (method, path) in [("POST", "/"), ("PUT", "/github_auth"), ("GET", "/app-passwords/revoke")] {
        let answer = site.browser().send(method, path, None, Vec::new());
        assert_eq!(answer.status, 405, "{method} {path}");
        assert!(answer.text().contains("Not in this way"), "{}", answer.text());
    }
    let head = site.browser().send("HEAD", "/", None, Vec::new());
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn without_a_store_people_are_told() {
    let server = crate::support::TestServer::of(super::setup(super::CHAINS));
    assert!(server.warnings.iter().any(|warning| warning.to_string().contains("nobody can sign in")));
    let mut browser = super::Browser::of(&server);
    assert_eq!(browser.get("/").status, 200);
    let answer = browser.get("/github_auth");
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("This server is not set up for this"), "{}", answer.text());
}
