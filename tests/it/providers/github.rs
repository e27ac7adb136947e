//! `github_auth`: teams decide, and what becomes of it when they change.

use std::time::Duration;

use dockgate_testkit::provider::github::GitHub;

use super::browser::Browser;
use super::site::{CLIENT, DUE, SECRET, Site, TERMS, callback};

const ROUTE: &str = "/github_auth";
const PUSH: &str = "repository:developers/app:pull,push";

/// GitHub with an organization, two teams and somebody in the lower one.
pub(super) fn github(github: GitHub, route: &str) -> GitHub {
    github.client(CLIENT, SECRET, &[&callback(route)]);
    github.user("octocat");
    github.team("acme", "engineering", None);
    github.team("acme", "developers", Some("engineering"));
    github.join_team("octocat", "acme", "developers");
    github
}

/// The section for it, with more keys.
pub(super) fn section(github: &GitHub, more: &str) -> String {
    format!(
        "github_auth: {{client_id: {CLIENT}, client_secret: {SECRET}, github_web_uri: \"{}\", github_api_uri: \"{}\", \
         {TERMS}, {more}}}",
        github.server().url(),
        github.api_url()
    )
}

/// Somebody who signed in and has an app password.
pub(super) fn app_password(site: &Site, github: &GitHub, login: &str) -> String {
    let browser = Browser::new(&site.server);
    let page = browser.signed_in(&github.sign_in(&browser.start(ROUTE), login));
    assert!(page.contains(&format!("<strong>{login}</strong>")), "{page}");
    browser.app_password("laptop")
}

fn place() -> (Site, GitHub) {
    let github = github(GitHub::start(), ROUTE);
    let site = Site::new(&[section(&github, "organization: acme")]);
    github.follow(site.server.clock.clone());
    (site, github)
}

fn pushes(scope: &str) -> Result<Vec<String>, u16> {
    Ok(vec![scope.to_owned()])
}

#[test]
fn teams_and_those_above_them_decide() {
    let (site, github) = place();
    let password = app_password(&site, &github, "octocat");
    assert!(password.starts_with("dgp_"));
    for name in ["developers/app", "engineering/app", "acme/developers/app"] {
        let scope = format!("repository:{name}:pull,push");
        assert_eq!(site.access("octocat", &password, &scope), pushes(&scope));
    }
    let other = "repository:operators/app:pull,push";
    assert_eq!(site.access("octocat", &password, other), pushes("repository:operators/app:"));
    assert_eq!(site.access("octocat", "dgp_wrong", PUSH), Err(401));
    let subject = format!("{} 1", github.server().url());
    let whose = [("/account", "octocat"), ("/backend", "github_auth"), ("/subject", subject.as_str())];
    site.audit("signed_in", &whose);
    site.audit("token", &whose);
}

#[test]
fn who_is_taken_out_of_a_team_loses_push() {
    let (site, github) = place();
    let password = app_password(&site, &github, "octocat");
    assert_eq!(site.access("octocat", &password, PUSH), pushes(PUSH));
    github.leave_team("octocat", "acme", "developers");
    github.server().forget();
    assert_eq!(site.access("octocat", &password, PUSH), pushes(PUSH), "the last answer counts");
    assert_eq!(github.server().count(""), 0);
    site.server.clock.turn(DUE);
    assert_eq!(site.access("octocat", &password, PUSH), pushes("repository:developers/app:"));
    site.audit("token", &[("/granted/0/name", "developers/app"), ("/granted/0/reason", "no_rule")]);
    let pull = "repository:public/app:pull";
    assert_eq!(site.access("octocat", &password, pull), pushes(pull), "still a member");
    github.join_team("octocat", "acme", "developers");
    site.server.clock.turn(DUE);
    assert_eq!(site.access("octocat", &password, PUSH), pushes(PUSH));
}

#[test]
fn who_is_taken_out_of_the_organization_is_gone() {
    let (site, github) = place();
    let password = app_password(&site, &github, "octocat");
    github.leave("octocat", "acme");
    site.server.clock.turn(DUE);
    assert_eq!(site.access("octocat", &password, PUSH), Err(401));
    site.audit("sign_in_ended", &[("/account", "octocat"), ("/reason", "not_member")]);
    // What ended stays ended.
    github.join_team("octocat", "acme", "developers");
    assert_eq!(site.access("octocat", &password, PUSH), Err(401));
    let password = app_password(&site, &github, "octocat");
    assert_eq!(site.access("octocat", &password, PUSH), pushes(PUSH));
}

#[test]
fn whose_token_is_revoked_is_gone_and_so_is_who_is_suspended() {
    let (site, github) = place();
    let password = app_password(&site, &github, "octocat");
    github.revoke("octocat");
    site.server.clock.turn(DUE);
    assert_eq!(site.access("octocat", &password, PUSH), Err(401));
    site.audit("sign_in_ended", &[("/account", "octocat")]);

    let password = app_password(&site, &github, "octocat");
    github.suspend("octocat", true);
    site.server.clock.turn(DUE);
    assert_eq!(site.access("octocat", &password, PUSH), Err(401));
    site.audit("sign_in_ended", &[("/account", "octocat"), ("/reason", "disabled")]);
}

#[test]
fn while_github_is_down_its_last_answer_counts_for_a_while() {
    let (site, github) = place();
    let password = app_password(&site, &github, "octocat");
    github.server().go_down();
    site.server.clock.turn(DUE);
    assert_eq!(site.access("octocat", &password, PUSH), pushes(PUSH), "the grace has begun");
    site.server.clock.turn(Duration::from_secs(5 * 60));
    assert_eq!(site.access("octocat", &password, PUSH), Err(503), "and is over");
    github.server().come_back();
    site.server.clock.turn(Duration::from_secs(60));
    assert_eq!(site.access("octocat", &password, PUSH), pushes(PUSH));
}

#[test]
fn another_login_is_the_same_person() {
    let (site, github) = place();
    let password = app_password(&site, &github, "octocat");
    github.rename("octocat", "hexacat");
    site.server.clock.turn(DUE);
    // What clients keep stays good under the name that it was made for, and is for who that is today.
    assert_eq!(site.access("octocat", &password, PUSH), pushes(PUSH));
    let subject = format!("{} 1", github.server().url());
    site.audit("token", &[("/account", "hexacat"), ("/subject", &subject)]);
    // Whoever takes the old login is somebody else.
    let number = format!("{} {}", github.server().url(), github.user("octocat"));
    github.join("octocat", "acme");
    let other = app_password(&site, &github, "octocat");
    assert_eq!(site.access("octocat", &other, PUSH), pushes("repository:developers/app:"));
    site.audit("token", &[("/account", "octocat"), ("/subject", &number)]);
}

#[test]
fn tokens_that_end_are_renewed_by_themselves() {
    let (site, github) = place();
    github.expiring_tokens(true);
    let password = app_password(&site, &github, "octocat");
    for _ in 0..3 {
        site.server.clock.turn(Duration::from_secs(9 * 60 * 60));
        assert_eq!(site.access("octocat", &password, PUSH), pushes(PUSH));
    }
}

#[test]
fn a_member_of_any_of_several_organizations_may_sign_in() {
    let github = github(GitHub::start(), ROUTE);
    github.team("globex", "developers", None);
    github.user("hubot");
    github.join_team("hubot", "globex", "developers");
    let site = Site::new(&[section(&github, "organizations: [acme, globex]")]);
    let (first, second) = (app_password(&site, &github, "octocat"), app_password(&site, &github, "hubot"));
    let scope = |org: &str| format!("repository:{org}/developers/app:pull,push");
    assert_eq!(site.access("octocat", &first, &scope("acme")), pushes(&scope("acme")));
    assert_eq!(site.access("hubot", &second, &scope("globex")), pushes(&scope("globex")));
    let none = |org: &str| Ok(vec![format!("repository:{org}/developers/app:")]);
    assert_eq!(site.access("hubot", &second, &scope("acme")), none("acme"));
    assert_eq!(
        site.access("hubot", &second, PUSH),
        pushes("repository:developers/app:"),
        "no plain slugs of several"
    );
}
