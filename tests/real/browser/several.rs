//! Several providers at once, two of them of one kind.

use dockgate_testkit::provider::github::GitHub;
use dockgate_testkit::provider::gitlab::{GitLab, Level};
use serde_json::json;

use super::chromium::{self, Browser};
use super::person::{self, Wanted};
use super::provider::{self, CLIENT, CLIENT_SECRET, Provider};
use super::site::{Site, oidc_link};
use crate::client::Client;
use crate::image::Image;
use crate::registry::VERSIONS;
use crate::skopeo::Skopeo;

/// At the provider's pages.
type Signs<'a> = &'a dyn Fn(&Browser);
/// The provider's title, the account, what it may push to, and how somebody signs in.
type Way<'a> = (&'a str, &'a str, &'a str, Signs<'a>);

const SECRET: &str = "secret-of-the-client";

#[test]
fn each_leads_to_its_own() {
    let (github, gitlab) = (GitHub::start(), GitLab::start());
    github.user("octocat");
    github.team("acme", "developers", None);
    github.join_team("octocat", "acme", "developers");
    gitlab.user("tanuki");
    gitlab.join("tanuki", "acme", Level::Developer);
    let claims = json!({"email": "carol@example.test", "email_verified": true, "hd": "example.test"});
    let in_token = provider::Options { claims_in_id_token: true, ..provider::Options::default() };
    let Some(google) = Provider::start(&json!({ "carol": claims }), &in_token) else { return };
    let client = format!("      client_id: {CLIENT}\n      client_secret: \"{CLIENT_SECRET}\"\n");
    let (github_url, gitlab_url) = (github.server().url(), gitlab.server().url());
    let chains = |issuer: &str| {
        format!(
            "authn:\n{}{}    name: corp
  - github_auth:
      organization: acme
      github_web_uri: {github_url}
      github_api_uri: {}
      client_id: id
      client_secret: {SECRET}
  - gitlab_auth:
      organization: acme
      gitlab_web_uri: {gitlab_url}
      client_id: id
      client_secret: {SECRET}
  - google_auth:
      domain: example.test
      issuer: \"{}\"
{client}authz:
  - acl:
      - match: {{backend: oidc_auth, name: \"team/*\"}}
        actions: [\"*\"]
      - match: {{backend: corp, name: \"corp/*\"}}
        actions: [\"*\"]
      - match: {{backend: github_auth, name: \"hub/*\", labels: {{teams: acme/developers}}}}
        actions: [\"*\"]
      - match: {{backend: gitlab_auth, name: \"lab/*\", labels: {{groups_developer: acme}}}}
        actions: [\"*\"]
      - match: {{backend: google_auth, name: \"goo/*\"}}
        actions: [\"*\"]
",
            oidc_link(issuer, "One", ""),
            oidc_link(issuer, "Two", ""),
            github.api_url(),
            google.issuer
        )
    };
    let options = provider::Options { rotates: true, ..provider::Options::default() };
    let routes = ["/oidc_auth", "/login/corp"];
    let Some(site) = Site::deciding(VERSIONS[2], Skopeo::COMPONENTS, &options, &routes, chains) else {
        return;
    };
    github.client("id", SECRET, &[&site.page("/github_auth")]);
    gitlab.client("id", SECRET, &[&site.page("/gitlab_auth")]);
    google.registers(&[site.page("/google_auth")], &[]);

    let continues = |browser: &Browser, name: &str| {
        browser.find_reading("button", &format!("Continue as {name}")).click();
    };
    let mut ways: Vec<Way<'_>> = vec![
        ("One", "alice@example.test", "team", &|browser| person::at_provider(browser, "alice")),
        ("Two", "alice@example.test", "corp", &|browser| person::at_provider(browser, "alice")),
        ("Google", "carol@example.test", "goo", &|browser| person::at_provider(browser, "carol")),
    ];
    let [hub, lab] = ["octocat", "tanuki"].map(|name| move |browser: &Browser| continues(browser, name));
    ways.extend([
        ("GitHub (127.0.0.1)", "octocat", "hub", &hub as Signs<'_>),
        ("GitLab (127.0.0.1)", "tanuki", "lab", &lab),
    ]);

    let image = Image::of(&["hello"]);
    let repositories = ["team", "corp", "goo", "hub", "lab"];
    for (title, account, repository, signs_in) in ways {
        let Some(browser) = site.browser(&chromium::Options::default()) else { return };
        person::choose(&browser, title);
        signs_in(&browser);
        browser.find_reading("h1", "App passwords");
        let who = browser.find(".who").text();
        assert!(who.contains(account) && who.contains(title), "{title}: {who}");
        assert_eq!(person::listed(&browser), [""; 0], "{title}: somebody else's");
        let secret = person::new_password(&browser, "laptop", Wanted::default());
        let skopeo = Skopeo::at(site.home());
        person::typed(&skopeo, &person::command(&browser, "Skopeo"), &secret).succeeds();
        for other in repositories {
            let pushed = skopeo.push(&image, &format!("{other}/app:1"));
            if other == repository {
                pushed.succeeds()
            } else {
                pushed.fails_with("denied")
            };
        }
    }
}
