//! Credentials of our own: refresh tokens and tokens for robots, in a whole server.

mod issued;
mod robots;
mod used;

use std::time::Duration;

use crate::support::{ALICE, Ask, Setup, TestServer, users};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn chains() -> String {
    format!(
        "users: {}\nacl:\n- match: {{account: alice, name: 'team/*'}}\n  actions: ['*']\n- match: {{name: 'public/*'}}\n  actions: [pull]",
        users("\"\": {}")
    )
}

fn server() -> TestServer {
    TestServer::of(Setup::new(chains()).refreshing("{lifetime: 90d, idle: 14d}"))
}

/// What `docker login` asks.
fn login() -> Ask {
    Ask::auth()
        .query("account", ALICE.0)
        .query("client_id", "docker")
        .query("offline_token", "true")
        .basic(ALICE)
}

/// What docker asks with what it stored at its login.
fn refresh(token: &str, scope: &str) -> Ask {
    Ask::post(&[
        ("grant_type", "refresh_token"),
        ("client_id", "docker"),
        ("refresh_token", token),
        ("scope", scope),
        ("service", "test-service"),
    ])
}

/// The refresh token that a login gets.
fn logged_in(server: &TestServer) -> String {
    let answer = server.ask(&login());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["refresh_token"].as_str().expect("a refresh token").to_owned()
}
