//! The server that every provider is.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::github::GitHub;
use super::grants::s256;
use super::{Asked, Mood, Reply, Server};

/// A verifier of PKCE, as long as one must be.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Where clients of these tests are called back.
pub(super) const BACK: &str = "http://127.0.0.1:1/back";

/// The URL of somebody's sign-in, with PKCE and a nonce.
pub(super) fn asks(page: &str, scope: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("client_id", "id"),
            ("redirect_uri", BACK),
            ("response_type", "code"),
            ("scope", scope),
        ])
        .extend_pairs([
            ("state", "s&1"),
            ("code_challenge", &s256(VERIFIER)),
            ("code_challenge_method", "S256"),
        ])
        .append_pair("nonce", "n-1")
        .finish();
    format!("{page}?{query}")
}

/// A parameter of the callback that a browser is sent to.
pub(super) fn brought(reply: &Reply, name: &str) -> Option<String> {
    Asked::new("GET", reply.header("location")?).param(name).map(str::to_owned)
}

/// What an exchange of a code answers.
pub(super) fn exchange(server: &Server, path: &str, code: &str, verifier: &str, redirect_uri: &str) -> Reply {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "id"),
        ("client_secret", "secret"),
        ("code", code),
        ("code_verifier", verifier),
        ("redirect_uri", redirect_uri),
    ];
    server.visit(&Asked::form(path, &fields).with("accept", "application/json"))
}

/// What a refresh answers.
pub(super) fn refresh(server: &Server, path: &str, token: &str) -> Reply {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "id"),
        ("client_secret", "secret"),
        ("refresh_token", token),
    ];
    server.visit(&Asked::form(path, &fields).with("accept", "application/json"))
}

/// A whole answer over a socket; nothing if there is none within a moment.
fn get(server: &Server, path: &str) -> Option<String> {
    let addr = server.url().replace("http://", "");
    let mut stream = TcpStream::connect(addr).ok()?;
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: provider\r\nUser-Agent: test\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    (!answer.is_empty()).then_some(answer)
}

#[test]
fn it_answers_over_a_socket_and_counts() {
    let github = GitHub::start();
    let server = github.server();
    let answer = get(server, "/meta?x=1").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("verifiable_password_authentication"), "{answer}");
    assert_eq!((server.count("/meta"), server.count("/user")), (1, 0));
    assert_eq!(server.asked()[0].param("x"), Some("1"));
    server.forget();
    assert_eq!(server.count(""), 0);
}

#[test]
fn moods_count_for_what_they_are_told_of() {
    let github = GitHub::start();
    let server = github.server();
    server.mood(Mood::Says(Reply::status(500)));
    server.mood_of("/meta", Mood::Well);
    assert!(get(server, "/user").unwrap().starts_with("HTTP/1.1 500 "));
    assert!(get(server, "/meta").unwrap().starts_with("HTTP/1.1 200 "));
    server.mood_of("/meta", Mood::HangUp);
    assert_eq!(get(server, "/meta"), None);
    server.mood_of("/meta", Mood::Silent);
    assert_eq!(get(server, "/meta"), None);
    server.mood_of("/meta", Mood::Late(Duration::from_millis(60)));
    let since = Instant::now();
    assert!(get(server, "/meta").is_some() && since.elapsed() >= Duration::from_millis(60));
    server.mood_of("/meta", Mood::Says(Reply::huge(100_000)));
    assert!(get(server, "/meta").unwrap().len() > 100_000);
}

#[test]
fn it_goes_down_with_its_connections_and_comes_back_at_the_same_place() {
    let github = GitHub::start();
    let server = github.server();
    let addr = server.url().replace("http://", "");
    let mut kept = TcpStream::connect(&addr).unwrap();
    kept.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    kept.write_all(b"GET /meta HTTP/1.1\r\nHost: a\r\nUser-Agent: a\r\n\r\n").unwrap();
    assert!(kept.read(&mut [0; 512]).unwrap() > 0);
    server.go_down();
    assert!(TcpStream::connect(&addr).is_err());
    assert!(kept.read_to_end(&mut Vec::new()).is_ok_and(|_| true), "the connection ends");
    server.come_back();
    assert!(get(server, "/meta").is_some());
}
