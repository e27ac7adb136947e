//! Credentials of our own in the place of a password.

use dockgate::state::TokenRequest;

use super::gate::{MANIFEST, nginx, setup};
use crate::support::{ALICE, Ask, TestServer};

fn server() -> TestServer {
    TestServer::of(setup("preset: nginx").refreshing("{lifetime: 90d, idle: 14d}"))
}

fn robot(server: &TestServer, scopes: &[&str]) -> String {
    let request = TokenRequest {
        account: "alice".to_owned(),
        link: None,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        service: None,
        ends: None,
        note: None,
    };
    let created = server.with_state(async |state| state.create_token(request).await);
    created.unwrap_or_else(|_| panic!("no token")).token
}

#[test]
fn a_token_for_robots_never_does_more_than_its_scopes() {
    let server = server();
    let pulls = robot(&server, &["repository:team/*:pull"]);
    let all = robot(&server, &[]);
    for (token, method, uri, status) in [
        (&pulls, "GET", MANIFEST, 200),
        (&pulls, "GET", "/v2/", 200),
        (&pulls, "PUT", MANIFEST, 403),
        (&pulls, "DELETE", MANIFEST, 403),
        (&pulls, "GET", "/v2/public/app/manifests/1", 403),
        (&all, "PUT", MANIFEST, 200),
        (&all, "GET", "/v2/public/app/manifests/1", 200),
    ] {
        let answer = server.ask(&nginx(method, uri).basic(("alice", token)));
        assert_eq!(answer.status, status, "{method} {uri}: {answer:?}");
    }
    let robot = server.ask(&nginx("GET", MANIFEST).basic(("alice", &pulls)));
    assert_eq!((robot.header("x-auth-user"), robot.header("x-auth-groups")), ("alice", "dev,ops"));
    assert_eq!(server.ask(&nginx("GET", MANIFEST).basic(("bob", &pulls))).status, 401, "another's");
    let as_a_name = server.ask(&nginx("GET", MANIFEST).basic((&pulls, "x")));
    assert_eq!((as_a_name.status, as_a_name.header("x-auth-user")), (403, ""));
}

#[test]
fn a_refresh_token_stands_for_a_password() {
    let server = server();
    let login = Ask::auth().query("client_id", "docker").query("offline_token", "true").basic(ALICE);
    let refresh = server.ask(&login).json()["refresh_token"].as_str().unwrap().to_owned();
    let asked = |method, token: &str| server.ask(&nginx(method, MANIFEST).basic(("alice", token))).status;
    assert_eq!([asked("PUT", &refresh), asked("GET", &refresh[..refresh.len() - 1])], [200, 401]);
}
