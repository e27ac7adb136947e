//! The double of GitHub answers as GitHub describes its answers.

use std::time::Duration;

use dockgate_testkit::provider::github::{GitHub, Limit};
use dockgate_testkit::provider::{Asked, Reply};

use super::description::Description;
use crate::components::{Component, GITHUB_API, GITHUB_ENTERPRISE_API};

const BACK: &str = "https://auth.example.com/github_auth";

/// Everything that the double answers, each with the operation that it is.
const READ: [(&str, &str); 14] = [
    ("GET /user", "/user"),
    ("GET /user/emails", "/user/emails"),
    ("GET /user/orgs", "/user/orgs"),
    ("GET /user/memberships/orgs", "/user/memberships/orgs?state=active"),
    ("GET /user/memberships/orgs/{org}", "/user/memberships/orgs/acme"),
    ("GET /user/teams", "/user/teams?per_page=2"),
    ("GET /orgs/{org}", "/orgs/acme"),
    ("GET /orgs/{org}/members/{username}", "/orgs/acme/members/octocat"),
    ("GET /orgs/{org}/teams", "/orgs/acme/teams"),
    ("GET /orgs/{org}/teams/{team_slug}", "/orgs/acme/teams/developers"),
    ("GET /orgs/{org}/teams/{team_slug}", "/orgs/acme/teams/engineering"),
    (
        "GET /orgs/{org}/teams/{team_slug}/memberships/{username}",
        "/orgs/acme/teams/developers/memberships/octocat",
    ),
    ("GET /rate_limit", "/rate_limit"),
    ("GET /meta", "/meta"),
];

struct Double {
    github: GitHub,
    description: Description,
    token: String,
}

impl Double {
    fn new(github: GitHub, component: Component) -> Option<Self> {
        let description = Description::read(component)?;
        github.client("id", "secret", &[BACK]);
        github.user("octocat");
        github.team("acme", "engineering", None);
        github.team("acme", "developers", Some("engineering"));
        github.team("acme", "operators", None);
        for slug in ["developers", "engineering", "operators"] {
            github.join_team("octocat", "acme", slug);
        }
        let page =
            format!("/login/oauth/authorize?client_id=id&redirect_uri={BACK}&scope=read:org%20user:email");
        let sent = github.sign_in(&page, "octocat");
        let code = Asked::new("GET", sent.header("location").unwrap()).param("code").unwrap().to_owned();
        let fields =
            [("client_id", "id"), ("client_secret", "secret"), ("code", &code), ("redirect_uri", BACK)];
        let asked = Asked::form("/login/oauth/access_token", &fields).with("accept", "application/json");
        let token = github.server().visit(&asked).value()["access_token"].as_str().unwrap().to_owned();
        Some(Self { github, description, token })
    }

    fn ask(&self, method: &str, path: &str) -> Reply {
        let url = format!("{}{path}", self.github.api_url());
        let asked = Asked::new(method, &url).with("authorization", &format!("Bearer {}", self.token));
        self.github.server().visit(&asked.with("user-agent", "test"))
    }

    /// Checks an answer, and that it is one of this kind.
    fn answers(&self, (operation, path): (&str, &str), kinds: &[u16]) {
        let reply = self.ask("GET", path);
        assert!(kinds.contains(&reply.status), "{operation}: {} {}", reply.status, reply.text());
        let wrong = self.description.complaints(operation, reply.status, &reply.value());
        assert!(wrong.is_empty(), "{operation}: {}\n{}", wrong.join("\n"), reply.text());
    }
}

fn every_answer(github: GitHub, component: Component) {
    let Some(double) = Double::new(github, component) else { return };
    let all = |kinds: &[u16]| READ.iter().for_each(|read| double.answers(*read, kinds));
    all(&[200, 204]);
    double.github.demand_sso("acme");
    all(&[200, 403]);
    double.github.authorize_sso("octocat", "acme");
    double.github.leave("octocat", "acme");
    double.github.invite("octocat", "acme");
    all(&[200, 403, 404]);
    double.github.leave("octocat", "acme");
    all(&[200, 403, 404]);
    double.github.limit(Some(Limit::Secondary(Duration::from_secs(60))));
    all(&[403]);
    double.github.limit(None);
    double.github.suspend("octocat", true);
    all(&[200, 403]);
    double.github.revoke("octocat");
    all(&[200, 401]);
}

#[test]
fn every_answer_is_as_github_describes_it() {
    every_answer(GitHub::start(), GITHUB_API);
}

#[test]
fn every_answer_of_an_enterprise_server_is_as_github_describes_it() {
    every_answer(GitHub::enterprise(), GITHUB_ENTERPRISE_API);
}

#[test]
fn what_an_app_is_told_of_its_tokens_is_as_github_describes_it() {
    let Some(double) = Double::new(GitHub::start(), GITHUB_API) else { return };
    let ask = |method: &str, token: &str| {
        let mut asked = Asked::new(method, "/applications/id/token").with("user-agent", "test");
        asked = asked.with("authorization", "Basic aWQ6c2VjcmV0").with("content-type", "application/json");
        asked.body = format!("{{\"access_token\": \"{token}\"}}").into_bytes();
        let reply = double.github.server().visit(&asked);
        let operation = format!("{method} /applications/{{client_id}}/token");
        let wrong = double.description.complaints(&operation, reply.status, &reply.value());
        assert!(wrong.is_empty(), "{operation}: {}\n{}", wrong.join("\n"), reply.text());
        reply.status
    };
    assert_eq!(ask("POST", "gho_unknown"), 404);
    assert_eq!(ask("POST", &double.token), 200);
    assert_eq!(ask("DELETE", &double.token), 204);
    assert_eq!(ask("POST", &double.token), 404);
}

/// Else a description that says nothing would find nothing.
#[test]
fn what_is_not_as_described_is_found() {
    let Some(double) = Double::new(GitHub::start(), GITHUB_API) else { return };
    let reply = double.ask("GET", "/user/teams");
    for (field, value) in
        [("slug", serde_json::json!(7)), ("id", serde_json::json!("1")), ("parent", serde_json::json!({}))]
    {
        let mut body = reply.value();
        body[0][field] = value;
        assert!(!double.description.complaints("GET /user/teams", 200, &body).is_empty(), "{field}");
    }
    let mut body = reply.value();
    body[0].as_object_mut().unwrap().remove("organization");
    assert!(!double.description.complaints("GET /user/teams", 200, &body).is_empty());
    assert!(!double.description.complaints("GET /user/teams", 500, &body).is_empty());
}
