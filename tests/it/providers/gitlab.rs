//! `gitlab_auth`: groups by access level decide.

use std::time::Duration;

use dockgate_testkit::provider::gitlab::{GitLab, Level};

use super::browser::Browser;
use super::site::{CLIENT, DUE, SECRET, Site, TERMS, callback};

const ROUTE: &str = "/gitlab_auth";
const PUSH: &str = "repository:acme/dev/app:pull,push";

/// GitLab with a group, one below it, and somebody in that.
fn gitlab() -> GitLab {
    let gitlab = GitLab::start();
    gitlab.client(CLIENT, SECRET, &[&callback(ROUTE)]);
    gitlab.user("tanuki");
    gitlab.join("tanuki", "acme", Level::Reporter);
    gitlab.join("tanuki", "acme/dev", Level::Developer);
    gitlab
}

fn place() -> (Site, GitLab) {
    let gitlab = gitlab();
    let section = format!(
        "gitlab_auth: {{client_id: {CLIENT}, client_secret: {SECRET}, gitlab_web_uri: \"{}\", organization: acme, {TERMS}}}",
        gitlab.server().url()
    );
    let site = Site::new(&[section]);
    gitlab.follow(site.server.clock.clone());
    (site, gitlab)
}

fn app_password(site: &Site, gitlab: &GitLab, username: &str) -> String {
    let browser = Browser::new(&site.server);
    browser.signed_in(&gitlab.sign_in(&browser.start(ROUTE), username));
    browser.app_password("laptop")
}

fn pushes(scope: &str) -> Result<Vec<String>, u16> {
    Ok(vec![scope.to_owned()])
}

#[test]
fn groups_decide_and_are_asked_for_again() {
    let (site, gitlab) = place();
    let password = app_password(&site, &gitlab, "tanuki");
    assert_eq!(site.access("tanuki", &password, PUSH), pushes(PUSH));
    gitlab.leave("tanuki", "acme/dev");
    gitlab.leave("tanuki", "acme");
    gitlab.join("tanuki", "acme/ops", Level::Guest);
    assert_eq!(site.access("tanuki", &password, PUSH), pushes(PUSH));
    site.server.clock.turn(DUE);
    assert_eq!(site.access("tanuki", &password, PUSH), Err(401), "not in the group that may sign in");
    site.audit("sign_in_ended", &[("/account", "tanuki"), ("/reason", "not_member")]);
}

#[test]
fn who_leaves_a_group_loses_what_it_gave() {
    let (site, gitlab) = place();
    gitlab.join("tanuki", "acme/ops", Level::Developer);
    let password = app_password(&site, &gitlab, "tanuki");
    gitlab.join("tanuki", "globex", Level::Owner);
    gitlab.leave("tanuki", "acme");
    gitlab.join("tanuki", "acme", Level::Guest);
    site.server.clock.turn(DUE);
    assert_eq!(site.access("tanuki", &password, PUSH), pushes(PUSH));
    let globex = "repository:globex/app:pull,push";
    assert_eq!(site.access("tanuki", &password, globex), pushes(globex), "labels are those of today");
    gitlab.leave("tanuki", "globex");
    site.server.clock.turn(DUE);
    assert_eq!(site.access("tanuki", &password, globex), pushes("repository:globex/app:"));
}

/// GitLab's tokens end after two hours, and its refresh tokens are good once.
#[test]
fn tokens_are_renewed_again_and_again() {
    let (site, gitlab) = place();
    let password = app_password(&site, &gitlab, "tanuki");
    for _ in 0..3 {
        site.server.clock.turn(Duration::from_secs(3 * 60 * 60));
        assert_eq!(site.access("tanuki", &password, PUSH), pushes(PUSH));
    }
    gitlab.revoke("tanuki");
    site.server.clock.turn(DUE);
    assert_eq!(site.access("tanuki", &password, PUSH), Err(401));
    site.audit("sign_in_ended", &[("/account", "tanuki")]);
}

#[test]
fn who_is_blocked_is_gone_and_an_outage_ends_nothing() {
    let (site, gitlab) = place();
    let password = app_password(&site, &gitlab, "tanuki");
    gitlab.server().go_down();
    site.server.clock.turn(DUE);
    assert_eq!(site.access("tanuki", &password, PUSH), pushes(PUSH));
    site.server.clock.turn(Duration::from_secs(5 * 60));
    assert_eq!(site.access("tanuki", &password, PUSH), Err(503));
    gitlab.server().come_back();
    site.server.clock.turn(Duration::from_secs(60));
    assert_eq!(site.access("tanuki", &password, PUSH), pushes(PUSH));
    gitlab.block("tanuki", true);
    site.server.clock.turn(DUE);
    assert_eq!(site.access("tanuki", &password, PUSH), Err(401));
    site.audit("sign_in_ended", &[("/account", "tanuki"), ("/reason", "disabled")]);
}
