mod asking_again;
mod config;
mod double;
mod groups;
mod signing_in;

use dockgate_api::HttpResponse;
use serde_json::{Value, json};

use super::GitlabAuthConfig;
use crate::testing::Place;

const TOKEN: &str = "https://git.example.com/oauth/token";
const USER: &str = "https://git.example.com/api/v4/user";
const LEVELS: [u8; 5] = [10, 20, 30, 40, 50];

fn section(more: Value) -> Value {
    let mut section = json!({
        "client_id": "our-id", "client_secret": "secret-canary", "gitlab_web_uri": "https://git.example.com",
    });
    section.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    section
}

/// An instance of one's own, where ada is a developer in acme.
fn lab(more: Value) -> Place {
    let place = Place::new::<GitlabAuthConfig>(section(more));
    pair(&place, 1);
    user(&place, "Ada", 7, "active");
    for level in LEVELS {
        groups(&place, level, if level <= 30 { &["acme"] } else { &[] });
    }
    place
}

fn acme() -> Place {
    lab(json!({"organization": "acme"}))
}

fn pair(place: &Place, number: u32) {
    let document = json!({
        "access_token": format!("token-canary-{number}"), "token_type": "Bearer", "expires_in": 7200,
        "refresh_token": format!("refresh-canary-{number}"), "created_at": 1_767_268_800, "scope": "read_api",
    });
    place.http.json("POST", TOKEN, 200, &document.to_string());
}

fn user(place: &Place, username: &str, id: u64, state: &str) {
    let document = json!({"id": id, "username": username, "state": state, "name": "Ada", "locked": false});
    place.http.json("GET", USER, 200, &document.to_string());
}

fn listed(level: u8) -> String {
    format!("https://git.example.com/api/v4/groups?min_access_level={level}&order_by=id&per_page=100")
}

fn page(paths: &[&str], headers: &[(&str, &str)]) -> HttpResponse {
    let groups: Vec<Value> =
        paths.iter().map(|path| json!({"id": 1, "full_path": path, "path": "x"})).collect();
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    HttpResponse::new(200, headers.collect(), json!(groups).to_string().into_bytes())
}

fn groups(place: &Place, level: u8, paths: &[&str]) {
    place.http.on("GET", &listed(level), page(paths, &[("x-next-page", "")]));
}
