//! `oidc_auth`: claims decide, and refresh tokens are kept as they rotate.

use std::time::Duration;

use dockgate_testkit::provider::openid::OpenId;
use dockgate_testkit::provider::{Mood, Reply};
use serde_json::json;

use super::browser::Browser;
use super::site::{CLIENT, DUE, SECRET, Site, TERMS, callback};

pub(super) const ROUTE: &str = "/oidc_auth";
pub(super) const ALICE: &str = "alice@example.com";
const PUSH: &str = "repository:dev/app:pull,push";

/// A provider with somebody in a group.
pub(super) fn provider(route: &str) -> OpenId {
    let provider = OpenId::start();
    provider.client(CLIENT, Some(SECRET), &[&callback(route)]);
    provider.user("alice-1", json!({"email": ALICE, "email_verified": true, "groups": ["dev", "ops"]}));
    provider
}

/// The section for it.
pub(super) fn section(provider: &OpenId) -> String {
    format!(
        "oidc_auth: {{issuer: \"{}\", client_id: {CLIENT}, client_secret: {SECRET}, label_claims: [groups], email_domains: [example.com], \
         scopes: [openid, email, offline_access], {TERMS}}}",
        provider.issuer()
    )
}

pub(super) fn place() -> (Site, OpenId) {
    let provider = provider(ROUTE);
    let site = Site::new(&[section(&provider)]);
    provider.follow(site.server.clock.clone());
    (site, provider)
}

fn app_password(site: &Site, provider: &OpenId) -> String {
    let browser = Browser::new(&site.server);
    browser.signed_in(&provider.sign_in(&browser.start(ROUTE), "alice-1"));
    browser.app_password("laptop")
}

/// The status of the page that somebody sees who tries.
pub(super) fn tries(site: &Site, provider: &OpenId, subject: &str) -> u16 {
    let browser = Browser::new(&site.server);
    browser.come_back(&provider.sign_in(&browser.start(ROUTE), subject)).status
}

fn pushes(scope: &str) -> Result<Vec<String>, u16> {
    Ok(vec![scope.to_owned()])
}

#[test]
fn claims_decide_and_are_renewed() {
    let (site, provider) = place();
    let password = app_password(&site, &provider);
    assert_eq!(site.access(ALICE, &password, PUSH), pushes(PUSH));
    let subject = format!("{} alice-1", provider.issuer());
    site.audit("token", &[("/account", ALICE), ("/backend", "oidc_auth"), ("/subject", &subject)]);
    provider.claim("alice-1", "groups", json!(["ops"]));
    site.server.clock.turn(DUE);
    assert_eq!(site.access(ALICE, &password, PUSH), pushes("repository:dev/app:"));
    provider.claim("alice-1", "groups", json!(["dev"]));
    site.server.clock.turn(DUE);
    assert_eq!(
        site.access(ALICE, &password, PUSH),
        pushes(PUSH),
        "the refresh token of the last time was kept"
    );
}

#[test]
fn groups_may_stand_in_userinfo_only() {
    let (site, provider) = place();
    provider.userinfo_only(&["groups"]);
    let password = app_password(&site, &provider);
    assert_eq!(site.access(ALICE, &password, PUSH), pushes(PUSH));
}

#[test]
fn a_key_that_was_changed_is_fetched() {
    let (site, provider) = place();
    app_password(&site, &provider);
    provider.change_key();
    site.server.clock.turn(DUE);
    let password = app_password(&site, &provider);
    assert_eq!(site.access(ALICE, &password, PUSH), pushes(PUSH));
}

#[test]
fn whose_session_is_revoked_or_who_is_deleted_is_gone() {
    for delete in [false, true] {
        let (site, provider) = place();
        let password = app_password(&site, &provider);
        if delete {
            provider.delete("alice-1");
        } else {
            provider.revoke("alice-1");
        }
        assert_eq!(site.access(ALICE, &password, PUSH), pushes(PUSH));
        site.server.clock.turn(DUE);
        assert_eq!(site.access(ALICE, &password, PUSH), Err(401));
        site.audit("sign_in_ended", &[("/account", ALICE)]);
    }
}

#[test]
fn an_address_that_is_not_verified_is_nobodys() {
    let (site, provider) = place();
    provider.user("mallory", json!({"email": ALICE, "email_verified": false}));
    assert_eq!(tries(&site, &provider, "mallory"), 403);
    provider.user("mallory", json!({"email": ALICE}));
    assert_eq!(tries(&site, &provider, "mallory"), 403);
    let password = app_password(&site, &provider);
    provider.claim("alice-1", "email_verified", json!(false));
    site.server.clock.turn(DUE);
    assert_eq!(site.access(ALICE, &password, PUSH), Err(401));
}

#[test]
fn an_outage_ends_nothing_until_the_grace_is_over() {
    let (site, provider) = place();
    let password = app_password(&site, &provider);
    for mood in [Mood::Says(Reply::status(500)), Mood::HangUp, Mood::Says(Reply::huge(9 * 1024 * 1024))] {
        provider.server().mood(mood.clone());
        site.server.clock.turn(DUE);
        assert_eq!(site.access(ALICE, &password, PUSH), pushes(PUSH), "{mood:?}");
        site.server.clock.turn(Duration::from_secs(5 * 60));
        assert_eq!(site.access(ALICE, &password, PUSH), Err(503), "{mood:?}");
        provider.server().mood(Mood::Well);
        site.server.clock.turn(Duration::from_secs(60));
        assert_eq!(site.access(ALICE, &password, PUSH), pushes(PUSH), "{mood:?}");
    }
}

/// The provider has taken the refresh token by the time that it fails, and takes none twice.
#[test]
fn what_was_given_for_a_token_that_is_used_up_outlives_an_outage() {
    let (site, provider) = place();
    provider.userinfo_only(&["groups"]);
    let password = app_password(&site, &provider);
    for _ in 0..3 {
        provider.server().mood_of("/userinfo", Mood::Says(Reply::status(503)));
        site.server.clock.turn(DUE);
        assert_eq!(site.access(ALICE, &password, PUSH), pushes(PUSH), "its last answer");
        site.server.clock.turn(Duration::from_secs(5 * 60));
        assert_eq!(site.access(ALICE, &password, PUSH), Err(503), "grace does not begin anew");
        provider.server().mood(Mood::Well);
        provider.server().mood_of("/userinfo", Mood::Well);
        site.server.clock.turn(Duration::from_secs(60));
        assert_eq!(site.access(ALICE, &password, PUSH), pushes(PUSH));
    }
}
