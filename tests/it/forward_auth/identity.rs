//! What the registry is told of who came.

use super::gate::{MANIFEST, nginx, section};
use crate::support::{ALICE, Setup, TestServer, hash};

/// Alice with these labels behind a gate that tells what `headers` says.
fn alice(labels: &str, headers: &str) -> TestServer {
    let hash = hash(ALICE.1);
    TestServer::of(Setup::new(format!(
        "{}users: {{alice: {{password: \"{hash}\", labels: {labels}}}, \"\": {{}}}}\nacl: [{{match: {{}}, actions: [pull]}}]",
        section(&format!("preset: nginx{headers}"))
    )))
}

#[test]
fn what_separates_anything_anywhere_is_encoded() {
    let server =
        alice(r#"{groups: ["a,b", "über", "x y", "100%", "\"q\"", "a;b", "CN=x/y@z:1+2~3", "<b>"]}"#, "");
    let answer = server.ask(&nginx("GET", MANIFEST).basic(ALICE));
    assert_eq!(
        answer.header("x-auth-groups"),
        "a%2Cb,%C3%BCber,x%20y,100%25,%22q%22,a%3Bb,CN=x/y@z:1+2~3,%3Cb%3E"
    );
}

#[test]
fn a_line_end_writes_no_header() {
    let server = alice(r#"{groups: ["x\r\nX-Auth-User: root\r\n"]}"#, "");
    let answer = server.ask(&nginx("GET", MANIFEST).basic(ALICE));
    assert_eq!(answer.header("x-auth-user"), "alice");
    assert_eq!(answer.header("x-auth-groups"), "x%0D%0AX-Auth-User:%20root%0D%0A");
}

#[test]
fn headers_go_by_the_map() {
    let server = alice(
        "{team: [web, db], mail: [\"a@example.com\"]}",
        ", identity_headers: {Remote-User: account, Remote-Team: team, Remote-Mail: mail, Remote-None: nothing}",
    );
    let answer = server.ask(&nginx("GET", MANIFEST).basic(ALICE));
    let told = |name| answer.header(name).to_owned();
    assert_eq!(
        ["remote-user", "remote-team", "remote-mail", "remote-none"].map(told),
        ["alice", "web,db", "a@example.com", ""]
    );
    assert!(!answer.headers.contains_key("x-auth-user"));
    // All of them are there, and empty, whatever comes of a question.
    for ask in [nginx("PUT", MANIFEST).basic(ALICE), nginx("GET", "/v2/"), nginx("GET", MANIFEST)] {
        let answer = server.ask(&ask);
        for name in ["remote-user", "remote-team", "remote-mail", "remote-none"] {
            assert_eq!(answer.header(name), "", "{answer:?}");
        }
    }
    let spoofed = server.ask(&nginx("GET", MANIFEST).header("remote-team", "root").basic(ALICE));
    assert_eq!((spoofed.status, spoofed.header("remote-team")), (403, ""));
    let other = server.ask(&nginx("GET", MANIFEST).header("x-auth-user", "root").basic(ALICE));
    assert_eq!(other.status, 200, "a header that says nothing here");
}

#[test]
fn a_header_ends_before_it_is_too_long_for_a_proxy() {
    let groups: Vec<String> = (0..400).map(|number| format!("group-{number:03}")).collect();
    let server = alice(&format!("{{groups: [{}]}}", groups.join(", ")), "");
    let answer = server.ask(&nginx("GET", MANIFEST).basic(ALICE));
    let told: Vec<&str> = answer.header("x-auth-groups").split(',').collect();
    assert!(answer.header("x-auth-groups").len() <= 2048);
    assert!(told.len() > 150, "{}", told.len());
    assert!(told.iter().zip(&groups).all(|(told, group)| told == group), "whole ones only");
}
