//! `google_auth`: the organization's domain by `hd`, groups by the Directory API.

use std::time::Duration;

use dockgate_testkit::provider::google::Google;
use dockgate_testkit::provider::openid::OpenId;
use serde_json::json;
use tempfile::TempDir;

use super::browser::Browser;
use super::site::{CLIENT, DUE, SECRET, Site, TERMS, callback, written};

const ROUTE: &str = "/google_auth";
const ALICE: &str = "alice@example.com";
const PUSH: &str = "repository:dev@example.com/app:pull,push";

struct Place {
    site: Site,
    sign_in: OpenId,
    google: Google,
    _directory: TempDir,
}

fn place() -> Place {
    let (sign_in, google) = (OpenId::start(), Google::start("example.com"));
    // As Google's, which stay the same.
    sign_in.rotating(false);
    sign_in.client(CLIENT, Some(SECRET), &[&callback(ROUTE)]);
    sign_in.user("1001", json!({"email": ALICE, "email_verified": true, "hd": "example.com"}));
    google.user(ALICE);
    google.join(ALICE, "dev@example.com");
    let directory = tempfile::tempdir().unwrap();
    let file = written(&directory, "account.json", &google.key_file().to_string());
    let section = format!(
        "google_auth: {{domain: example.com, client_id: {CLIENT}, client_secret: {SECRET}, issuer: \"{}\", {TERMS}, \
         groups: {{service_account_file: \"{}\", admin: admin@example.com, directory_uri: \"{}\"}}}}",
        sign_in.issuer(),
        file.display(),
        google.server().url()
    );
    let site = Site::new(&[section]);
    sign_in.follow(site.server.clock.clone());
    google.follow(site.server.clock.clone());
    Place { site, sign_in, google, _directory: directory }
}

impl Place {
    fn tries(&self, subject: &str) -> u16 {
        let browser = Browser::new(&self.site.server);
        browser.come_back(&self.sign_in.sign_in(&browser.start(ROUTE), subject)).status
    }

    fn app_password(&self, subject: &str) -> String {
        let browser = Browser::new(&self.site.server);
        browser.signed_in(&self.sign_in.sign_in(&browser.start(ROUTE), subject));
        browser.app_password("laptop")
    }
}

fn pushes(scope: &str) -> Result<Vec<String>, u16> {
    Ok(vec![scope.to_owned()])
}

#[test]
fn groups_of_the_directory_decide() {
    let place = place();
    let password = place.app_password("1001");
    assert_eq!(place.site.access(ALICE, &password, PUSH), pushes(PUSH));
    place.google.leave(ALICE, "dev@example.com");
    place.site.server.clock.turn(DUE);
    assert_eq!(place.site.access(ALICE, &password, PUSH), pushes("repository:dev@example.com/app:"));
}

#[test]
fn only_accounts_of_the_domain_are_let_in() {
    let place = place();
    for (subject, claims) in [
        ("2", json!({"email": "mallory@example.com", "email_verified": true})),
        ("3", json!({"email": "mallory@example.com", "email_verified": true, "hd": "evil.example"})),
        ("4", json!({"email": "mallory@example.com", "email_verified": false, "hd": "example.com"})),
        ("5", json!({"email_verified": true, "hd": "example.com"})),
    ] {
        place.sign_in.user(subject, claims.clone());
        assert_eq!(place.tries(subject), 403, "{claims}");
    }
}

#[test]
fn the_directory_being_away_is_no_verdict() {
    let place = place();
    let password = place.app_password("1001");
    place.google.server().go_down();
    assert_eq!(place.tries("1001"), 503);
    place.site.server.clock.turn(DUE);
    assert_eq!(place.site.access(ALICE, &password, PUSH), pushes(PUSH));
    place.site.server.clock.turn(Duration::from_secs(5 * 60));
    assert_eq!(place.site.access(ALICE, &password, PUSH), Err(503));
    place.google.server().come_back();
    place.site.server.clock.turn(Duration::from_secs(60));
    assert_eq!(place.site.access(ALICE, &password, PUSH), pushes(PUSH));
}

#[test]
fn whose_access_is_revoked_at_google_is_gone() {
    let place = place();
    let password = place.app_password("1001");
    place.sign_in.revoke("1001");
    place.site.server.clock.turn(DUE);
    assert_eq!(place.site.access(ALICE, &password, PUSH), Err(401));
    place.site.audit("sign_in_ended", &[("/account", ALICE)]);
}
