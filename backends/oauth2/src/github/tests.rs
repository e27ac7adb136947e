mod asking_again;
mod config;
mod double;
mod refusals;
mod signing_in;
mod teams;
mod trouble;

use serde_json::{Value, json};

use super::GithubAuthConfig;
use crate::testing::Place;

const TOKEN: &str = "https://github.com/login/oauth/access_token";
const USER: &str = "https://api.github.com/user";
const TEAMS: &str = "https://api.github.com/user/teams?per_page=100";

fn section(more: Value) -> Value {
    let mut section = json!({"client_id": "our-id", "client_secret": "secret-canary"});
    section.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    section
}

/// github.com, where ada is a member of acme and in no team.
fn hub(more: Value) -> Place {
    let place = Place::new::<GithubAuthConfig>(section(more));
    place.http.json(
        "POST",
        TOKEN,
        200,
        r#"{"access_token": "token-canary", "scope": "read:org", "token_type": "bearer"}"#,
    );
    place.http.json("GET", USER, 200, r#"{"login": "Ada", "id": 7, "type": "User"}"#);
    member(&place, "acme", "active");
    place.http.json("GET", TEAMS, 200, "[]");
    place
}

fn acme() -> Place {
    hub(json!({"organization": "acme"}))
}

fn membership(organization: &str) -> String {
    format!("https://api.github.com/user/memberships/orgs/{organization}")
}

fn member(place: &Place, organization: &str, state: &str) {
    let document =
        json!({"state": state, "role": "member", "organization": {"login": organization, "id": 1}});
    place.http.json("GET", &membership(organization), 200, &document.to_string());
}

fn stranger(place: &Place, organization: &str) {
    place.http.json("GET", &membership(organization), 404, r#"{"message": "Not Found", "status": "404"}"#);
}

fn team(organization: &str, slug: &str, parent: Option<&str>) -> Value {
    let parent = parent.map(|slug| json!({"slug": slug, "id": 3, "name": slug}));
    json!({"slug": slug, "id": 2, "name": slug, "parent": parent, "organization": {"login": organization, "id": 1}})
}

fn teams(place: &Place, listed: &[Value]) {
    place.http.json("GET", TEAMS, 200, &json!(listed).to_string());
}

fn acme_user(place: &Place) {
    place.http.json("GET", USER, 200, r#"{"login": "Ada", "id": 7, "type": "User"}"#);
}
