//! Requests that nobody sends by accident. The server neither panics nor says 500, and serves the next one.

mod admin;
mod forging;
mod large;
mod paths;
mod random;
mod texts;
mod wire;
mod wire_stuck;

use crate::support::{ALICE, Answer, Ask, TestServer, users};

/// Alice may do everything below her own name, and everybody may pull what is public.
fn chains() -> String {
    let acl = "acl:
- {match: {account: '/.+/', name: '${account}/*'}, actions: ['*']}
- {match: {name: 'public/*'}, actions: [pull]}";
    format!("users: {}\n{acl}\nlockout: {{enabled: false}}", users("\"\": {}"))
}

fn server() -> TestServer {
    TestServer::new(&chains())
}

/// Checks what must hold of every answer, and that the server is as well as before.
fn is_sound(server: &TestServer, answer: &Answer, what: &str) {
    assert!([200, 400, 401, 404, 405, 413].contains(&answer.status), "{what}: {}", answer.status);
    assert!(answer.body.len() < 64 * 1024, "{what}: {} bytes", answer.body.len());
    if !answer.body.is_empty() {
        answer.json();
    }
    still_serves(server);
}

fn still_serves(server: &TestServer) {
    let token = server.token(&Ask::auth().basic(ALICE).scope("repository:alice/app:pull"));
    assert_eq!(token.access(), ["repository:alice/app:pull"]);
}
