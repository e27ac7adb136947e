//! Several providers at once, each under its own route.

use dockgate_testkit::provider::github::GitHub;

use super::browser::Browser;
use super::github::{github, section};
use super::oidc;
use super::site::Site;

const PUSH: &str = "repository:developers/app:pull,push";

#[test]
fn github_and_an_enterprise_server_are_two() {
    let (public, own) =
        (github(GitHub::start(), "/github_auth"), github(GitHub::enterprise(), "/login/enterprise"));
    own.user("hubot");
    own.join_team("hubot", "acme", "developers");
    let enterprise = format!("{}\nname: enterprise", section(&own, "organization: acme"));
    let site = Site::new(&[section(&public, "organization: acme"), enterprise]);
    let browser = Browser::new(&site.server);
    let page = browser.get("/").text().to_owned();
    assert!(page.contains("href=\"/github_auth\"") && page.contains("href=\"/login/enterprise\""), "{page}");

    browser.signed_in(&own.sign_in(&browser.start("/login/enterprise"), "hubot"));
    let password = browser.app_password("laptop");
    assert_eq!(site.access("hubot", &password, PUSH), Ok(vec![PUSH.to_owned()]));
    site.audit("token", &[("/account", "hubot"), ("/backend", "enterprise")]);
    assert_eq!(public.server().count(""), 0, "the other one was not asked");

    // One login at two places is two people.
    let (one, other) = (Browser::new(&site.server), Browser::new(&site.server));
    one.signed_in(&public.sign_in(&one.start("/github_auth"), "octocat"));
    other.signed_in(&own.sign_in(&other.start("/login/enterprise"), "octocat"));
    let (first, second) = (one.app_password("one"), other.app_password("other"));
    own.leave_team("octocat", "acme", "developers");
    site.server.clock.turn(super::site::DUE);
    assert_eq!(site.access("octocat", &first, PUSH), Ok(vec![PUSH.to_owned()]));
    assert_eq!(site.access("octocat", &second, PUSH), Ok(vec!["repository:developers/app:".to_owned()]));
}

/// A mix-up (RFC 9207): what one provider gave must never be shown to the other.
#[test]
fn what_one_provider_gave_is_not_shown_to_another() {
    let (honest, evil) = (oidc::provider("/oidc_auth"), oidc::provider("/login/other"));
    let site = Site::new(&[oidc::section(&honest), format!("{}\nname: other", oidc::section(&evil))]);
    let browser = Browser::new(&site.server);
    // The browser went to the honest one, and comes back by the other's callback.
    let back = honest.sign_in(&browser.start("/oidc_auth"), "alice-1");
    let callback = back.header("location").unwrap().replace("/oidc_auth", "/login/other");
    let answer = browser.come_back(&dockgate_testkit::provider::Reply::redirect(&callback));
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(evil.server().count("/token"), 0, "the code of the honest one went to it");
    // The browser went to the other, which sent it on to the honest one and back by its own callback.
    let started = browser.start("/login/other");
    let elsewhere = started.replace(&evil.issuer(), &honest.issuer());
    assert_eq!(honest.sign_in(&elsewhere, "alice-1").status, 400, "its redirect URI is not registered there");
    let back = evil.sign_in(&started, "alice-1");
    let callback = back.header("location").unwrap();
    let issuer = |url: &str| crate::support::encode(url);
    let callback = callback.replace(&issuer(&evil.issuer()), &issuer(&honest.issuer()));
    let answer = browser.come_back(&dockgate_testkit::provider::Reply::redirect(&callback));
    assert!(matches!(answer.status, 403 | 503), "{}", answer.text());
    assert_eq!(evil.server().count("/token"), 0, "a code whose issuer is another's is not exchanged");
}
