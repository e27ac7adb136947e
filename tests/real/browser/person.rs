//! What somebody does on the pages.

use std::fs;

use super::site::TITLE;
use super::webdriver::{Element, Session};
use crate::client::Client;
use crate::harness::command::Outcome;

/// What is asked of a new app password beside its name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    pub(super) pull_only: bool,
    pub(super) patterns: &'static str,
}

/// From the first page to the one of somebody who is signed in.
#[track_caller]
pub(super) fn sign_in(browser: &Session, account: &str) {
    choose(browser, TITLE);
    at_provider(browser, account);
    browser.find_reading("h1", "App passwords");
}

#[track_caller]
pub(super) fn choose(browser: &Session, title: &str) {
    browser.find_reading(".providers a", &format!("Sign in with {title}")).click();
}

/// The provider's own pages: who it is, and that it is all right. Any password is.
#[track_caller]
pub(super) fn at_provider(browser: &Session, account: &str) {
    browser.find("input[name=login]").fill(account);
    browser.find("input[name=password]").fill("a password that only the provider sees");
    browser.find("button[type=submit]").click();
    browser.find_reading("button[type=submit]", "Continue").click();
}

/// Makes one, and answers its secret.
#[track_caller]
pub(super) fn new_password(browser: &Session, name: &str, wanted: Wanted) -> String {
    browser.find("#name").fill(name);
    if wanted.pull_only {
        browser.find("#pull").click();
    }
    browser.find("#patterns").fill(wanted.patterns);
    browser.find_reading("button", "Create app password").click();
    browser.find_reading("h1", "Your new app password");
    let secret = browser.find("#secret").text();
    assert!(secret.starts_with("dgp_"), "{secret}");
    secret
}

/// The command that the page shows for a client.
#[track_caller]
pub(super) fn command(browser: &Session, client: &str) -> String {
    let rows = browser.all(".commands[open] dl > div");
    let of = |row: &&Element<'_>| row.inside("dt").text() == client;
    let row = rows.iter().find(of).unwrap_or_else(|| panic!("no {client}:\n{}", browser.source()));
    row.inside("code").text()
}

/// Types the line as the page shows it, with the password at its standard input.
pub(super) fn typed<C: Client>(client: &C, line: &str, secret: &str) -> Outcome {
    let home = client.home();
    fs::write(home.path("app-password"), secret).unwrap();
    let mut shell = home.command("sh");
    // The client's own surroundings.
    shell.envs(client.tool().get_envs().filter_map(|(name, value)| Some((name, value?))));
    home.run(shell.args(["-c", &format!("{line} <app-password")]))
}

/// The names of the list, as it stands there.
pub(super) fn listed(browser: &Session) -> Vec<String> {
    browser.all("tbody th").iter().map(Element::text).collect()
}

/// The row of an app password, as it reads.
#[track_caller]
pub(super) fn row(browser: &Session, name: &str) -> String {
    let rows = browser.all("tbody tr");
    let row = rows.iter().find(|row| row.inside("th").text() == name);
    row.unwrap_or_else(|| panic!("no {name}:\n{}", browser.source())).text()
}

#[track_caller]
pub(super) fn revoke(browser: &Session, name: &str) {
    let rows = browser.all("tbody tr");
    let row = rows.iter().find(|row| row.inside("th").text() == name);
    row.unwrap_or_else(|| panic!("no {name}:\n{}", browser.source())).inside("button").click();
    browser.find_reading("[role=status]", "The app password is revoked.");
}

#[track_caller]
pub(super) fn sign_out(browser: &Session) {
    browser.find_reading("button", "Sign out").click();
    browser.find_reading("h1", "You are signed out");
}
