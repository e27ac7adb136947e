//! `github_auth`: who is not let in, and when nobody can say.

use std::time::Duration;

use dockgate_testkit::provider::github::{GitHub, Limit};
use dockgate_testkit::provider::{Mood, Reply};

use super::browser::Browser;
use super::github::{app_password, github, section};
use super::site::{DUE, Site};

const ROUTE: &str = "/github_auth";
const PUSH: &str = "repository:developers/app:pull,push";

fn place() -> (Site, GitHub) {
    let github = github(GitHub::start(), ROUTE);
    let site = Site::new(&[section(&github, "organization: acme")]);
    github.follow(site.server.clock.clone());
    (site, github)
}

/// The status of the page that somebody sees who tries.
fn tries(site: &Site, github: &GitHub, login: &str) -> u16 {
    let browser = Browser::new(&site.server);
    browser.come_back(&github.sign_in(&browser.start(ROUTE), login)).status
}

#[test]
fn strangers_and_those_who_were_only_invited_are_not_let_in() {
    let (site, github) = place();
    github.user("stranger");
    assert_eq!(tries(&site, &github, "stranger"), 403);
    site.audit("sign_in_refused", &[("/backend", "github_auth"), ("/reason", "not_member")]);
    github.invite("stranger", "acme");
    assert_eq!(tries(&site, &github, "stranger"), 403);
    github.join("stranger", "globex");
    assert_eq!(tries(&site, &github, "stranger"), 403, "another organization");
    assert_eq!(tries(&site, &github, "-nobody-"), 403, "who says no there");
}

#[test]
fn an_organization_that_does_not_show_itself_is_not_one_without_members() {
    let (site, github) = place();
    github.demand_sso("acme");
    assert_eq!(tries(&site, &github, "octocat"), 403);
    let line = site.audit("sign_in_refused", &[("/reason", "forbidden")]);
    assert!(line["detail"].as_str().unwrap().contains("single sign-on"), "{line}");
    github.authorize_sso("octocat", "acme");
    assert_eq!(tries(&site, &github, "octocat"), 303);
    github.restrict_apps("acme");
    assert_eq!(tries(&site, &github, "octocat"), 403);
}

#[test]
fn too_many_questions_end_nobodys_access() {
    let (site, github) = place();
    let password = app_password(&site, &github, "octocat");
    for limit in [Limit::Primary(Duration::from_secs(120)), Limit::Secondary(Duration::from_secs(120))] {
        github.limit(Some(limit));
        site.server.clock.turn(DUE);
        assert!(site.access("octocat", &password, PUSH).is_ok(), "{limit:?}");
        let asked = github.server().count("");
        site.server.clock.turn(Duration::from_secs(30));
        assert!(site.access("octocat", &password, PUSH).is_ok());
        assert_eq!(github.server().count(""), asked, "{limit:?}: it asked to be left alone");
        assert_eq!(tries(&site, &github, "octocat"), 503);
        github.limit(None);
        site.server.clock.turn(Duration::from_secs(120));
        assert!(site.access("octocat", &password, PUSH).is_ok());
        assert!(github.server().count("") > asked);
    }
}

#[test]
fn nonsense_is_a_failure_and_never_a_verdict() {
    let (site, github) = place();
    let password = app_password(&site, &github, "octocat");
    for mood in [
        Mood::Says(Reply::status(500)),
        Mood::Says(Reply::status(401)),
        Mood::Says(Reply::html(403, "<p>a proxy in between</p>")),
        Mood::Says(Reply::garbage()),
        Mood::Says(Reply::huge(9 * 1024 * 1024)),
        Mood::Says(Reply::redirect("http://127.0.0.1:1/")),
        Mood::HangUp,
    ] {
        github.server().mood_of("/user", mood.clone());
        assert_eq!(tries(&site, &github, "octocat"), 503, "{mood:?}");
        site.server.clock.turn(DUE);
        assert!(site.access("octocat", &password, PUSH).is_ok(), "{mood:?}");
        github.server().mood_of("/user", Mood::Well);
        site.server.clock.turn(Duration::from_secs(60));
        assert!(site.access("octocat", &password, PUSH).is_ok(), "{mood:?}");
    }
}

#[test]
fn a_callback_counts_once_and_in_one_browser() {
    let (site, github) = place();
    let (browser, other) = (Browser::new(&site.server), Browser::new(&site.server));
    let back = github.sign_in(&browser.start(ROUTE), "octocat");
    assert_eq!(other.come_back(&back).status, 400, "another browser");
    other.start(ROUTE);
    assert_eq!(other.come_back(&back).status, 400, "another browser with a sign-in of its own");
    assert_eq!(github.server().count("/login/oauth/access_token"), 0, "the code went nowhere");
    browser.signed_in(&back);
    assert_eq!(browser.come_back(&back).status, 400, "again");
    assert_eq!(github.server().count("/login/oauth/access_token"), 1);
}
