//! `groups_from_api.py`, against an API that the test serves.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dockgate_api::LabelValue;

use super::{asked, is_an_error, python, read_who, who, word};
use crate::process::{Ended, run_with_input};

/// Answers each request with one text, and tells of the account and the password that came.
pub(super) fn api(answer: String) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (heard, hear) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(&stream).lines().map(Result::unwrap);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let basic = head.iter().find_map(|line| line.strip_prefix("Authorization: Basic "));
            let basic = STANDARD.decode(basic.unwrap()).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            if heard.send(String::from_utf8(basic).unwrap()).is_err() {
                return;
            }
        }
    });
    (address, hear)
}

pub(super) fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn ask(address: SocketAddr, account: &str, password: &str) -> String {
    let mut command = python("groups_from_api.py");
    asked(command.arg(format!("http://{address}/me")), &who(account, password))
}

fn fails(address: SocketAddr) -> Ended {
    let mut command = python("groups_from_api.py");
    let question = who("alice", "canary-0917");
    let ended = run_with_input(command.arg(format!("http://{address}/me")), question.as_json().as_bytes());
    is_an_error(&ended);
    assert!(!ended.stderr.contains("canary"), "{ended:#?}");
    ended
}

#[test]
fn the_api_says_who_somebody_is_and_their_groups() {
    let (address, heard) = api(answer("200 OK", r#"{"login": "alice", "groups": ["dev", "ops"], "id": 7}"#));
    let reply = read_who("alice", &ask(address, "alice", "pässword: x"));
    let groups = reply.decision.allowed().unwrap().labels;
    assert_eq!(
        groups.values("groups"),
        [LabelValue::Literal("dev".into()), LabelValue::Literal("ops".into())]
    );
    assert_eq!(heard.recv().unwrap(), "alice:pässword: x");

    // Who answers to several names.
    assert_eq!(word(&read_who("Alice", &ask(address, "Alice", "x"))), "deny");
    assert_eq!(heard.recv().unwrap(), "Alice:x");
    // Who is not asked for: a colon would move the border between account and password.
    for account in ["alice:x", ""] {
        assert_eq!(word(&read_who(account, &ask(address, account, "y"))), "no_match");
    }
    assert!(heard.try_recv().is_err());
}

#[test]
fn the_api_refuses() {
    let (address, _heard) = api(answer("401 Unauthorized", ""));
    assert_eq!(word(&read_who("alice", &ask(address, "alice", "x"))), "deny");
    let (address, _heard) = api(answer("404 Not Found", ""));
    assert_eq!(word(&read_who("alice", &ask(address, "alice", "x"))), "no_match");
}

#[test]
fn whatever_else_the_api_says_is_an_error() {
    for (status, body) in [
        ("500 Internal Server Error", ""),
        ("403 Forbidden", ""),
        ("200 OK", ""),
        ("200 OK", "null"),
        ("200 OK", "{}"),
        ("200 OK", r#"{"login": "alice"}"#),
        ("204 No Content", ""),
    ] {
        let (address, _heard) = api(answer(status, body));
        fails(address);
    }
    // Nobody there.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    fails(address);
}

/// The password goes to no other place.
#[test]
fn the_api_points_elsewhere_and_nobody_follows() {
    let (elsewhere, heard) = api(answer("200 OK", r#"{"login": "alice", "groups": []}"#));
    let redirect =
        format!("HTTP/1.1 302 Found\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\n\r\n");
    let (address, _heard) = api(redirect);
    fails(address);
    assert!(heard.try_recv().is_err());
}
