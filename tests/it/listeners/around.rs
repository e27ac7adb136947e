//! What surrounds every answer: its id, and what browsers are told.

use std::collections::HashSet;
use std::time::Duration;

use axum::http::header;
use rustix::process::Signal;

use super::chains;
use crate::process::{Server, Site, poll};
use crate::support::{ALICE, Ask, Listening, Setup, TestServer};

const PAGE: &str = "https://ui.example.com";

fn pages() -> TestServer {
    TestServer::of(
        Setup::new(chains())
            .server("cors: {origins: [\"https://ui.example.com\", \"http://localhost:8080\"]}"),
    )
}

#[test]
fn every_answer_has_an_id_of_its_own() {
    let server = TestServer::of(Setup::new(chains()).server("real_ip_header: X-Forwarded-For"));
    let good = Ask::auth().basic(ALICE).header("x-forwarded-for", "203.0.113.9");
    let asks = [
        (good.clone(), 200),
        (good.clone().at("/auth/token"), 200),
        (Ask::auth().basic((ALICE.0, "wrong")).header("x-forwarded-for", "203.0.113.9"), 401),
        (Ask::auth(), 400),
        (Ask::new("HEAD", "/auth"), 400),
        (Ask::post(&[]), 400),
        (Ask::get("/healthz"), 200),
        (Ask::get("/.well-known/jwks.json"), 200),
        (Ask::get("/nowhere"), 404),
        (Ask::new("DELETE", "/healthz"), 405),
    ];
    let mut ids = HashSet::new();
    for (ask, status) in &asks {
        for _ in 0..3 {
            let answer = server.ask(&ask.clone().header("x-request-id", "0123456789abcdef"));
            assert_eq!(answer.status, *status, "{ask:?}: {}", answer.text());
            let id = answer.header("x-request-id").to_owned();
            assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
            assert!(ids.insert(id), "twice");
        }
    }
    assert!(!ids.contains("0123456789abcdef"), "a client names no request");
}

/// Whoever is refused can be found in the log, and nobody else is found in their place.
#[test]
fn the_log_knows_a_request_by_the_same_id() {
    let site = Site::with(
        "server: {addr: \"127.0.0.1:0\"}\nlog: {level: debug}\n\
         token: {issuer: i, expiration: 300, certificate: cert.pem, key: key.pem}\n\
         authn: [{users: {\"\": {}}}]\nauthz: [{acl: []}]\n",
    );
    let server = Server::start(&site, "auth.yml");
    let theirs = [("X-Request-Id", "of \"mine\""), ("X-Forwarded-For", "203.0.113.9")];
    let long = "x".repeat(65);
    for (method, target, says) in [
        ("GET", "/auth?service=s&scope=repository:a:pull", "decided"),
        ("POST", "/auth", "refused at the door"),
        ("GET", "/nowhere", "no such path"),
        ("PUT", "/auth", "method not allowed"),
    ] {
        let answer = server.address().request(method, target, &theirs, b"grant_type=x");
        let id = answer.header("x-request-id").unwrap().to_owned();
        let line = |text: &str| {
            let has = |line: &&str| line.contains(&format!("request_id={id}")) && line.contains(text);
            poll(Duration::from_secs(30), || server.stderr().lines().find(has).map(str::to_owned))
        };
        assert!(line(says).is_some(), "{says} {id}: {}", server.stderr());
        assert!(line("proxy_request_id=\"of \\\"mine\\\"\"").is_some(), "{id}: {}", server.stderr());
    }
    server.address().request("GET", "/healthz", &[("X-Request-Id", &long)], b"");
    let ended = server.stop(Signal::TERM);
    assert!(!ended.stderr.contains(&long), "{}", ended.stderr);
}

#[test]
fn what_is_refused_unread_has_one_too() {
    let server = Listening::start(Setup::new(chains()));
    let mut client = server.connect();
    let long = "x".repeat(40_000);
    client.send(format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: {long}\r\n\r\n"));
    let answer = client.answer();
    assert_eq!((answer.status, answer.header("x-request-id").len()), (431, 16));
}

#[test]
fn listed_pages_may_read_answers_and_no_other() {
    let server = pages();
    for path in ["/auth", "/token", "/auth/token", "/.well-known/jwks.json"] {
        let ask = || Ask::get(path).basic(ALICE).query("service", "s");
        let answer = server.ask(&ask().header("origin", PAGE));
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), PAGE);
        assert_eq!(answer.header("vary"), "origin");
        for other in [
            "https://evil.example.com",
            "http://ui.example.com",
            "https://ui.example.com.evil.example",
            "https://ui.example.com:8443",
            "HTTPS://UI.EXAMPLE.COM",
            "https://ui.example.com/",
            "null",
            "*",
            "",
            "https://ui.example.com https://evil.example.com",
        ] {
            let answer = server.ask(&ask().header("origin", other));
            assert!(!answer.headers.contains_key("access-control-allow-origin"), "{other}: {answer:?}");
            assert_eq!(answer.header("vary"), "origin", "{other}");
        }
        let answer = server.ask(&ask());
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
        assert_eq!(answer.header("vary"), "origin", "a cache must not give this to a page");
    }
    // A page is to see why it gets nothing, too.
    let refused = server.ask(&Ask::auth().basic((ALICE.0, "wrong")).header("origin", PAGE));
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, PAGE));
    let elsewhere = server.ask(&Ask::get("/healthz").header("origin", PAGE));
    assert!(!elsewhere.headers.contains_key("access-control-allow-origin"));
}

#[test]
fn browsers_that_ask_first() {
    let server = pages();
    let preflight = |path: &str, origin: &str| {
        server.ask(
            &Ask::new("OPTIONS", path)
                .header("origin", origin)
                .header("access-control-request-method", "GET"),
        )
    };
    for (path, methods) in
        [("/auth", "GET, POST"), ("/token", "GET, POST"), ("/.well-known/jwks.json", "GET")]
    {
        let answer = preflight(path, PAGE);
        assert_eq!((answer.status, answer.header("access-control-allow-methods")), (204, methods));
        assert_eq!(answer.header("access-control-allow-origin"), PAGE);
        assert_eq!(answer.header("access-control-allow-headers"), "authorization, content-type");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"), "{answer:?}");
        answer.header("x-request-id");
        let refused = preflight(path, "https://evil.example.com");
        assert_eq!(refused.status, 405);
        assert!(!refused.headers.contains_key("access-control-allow-origin"), "{refused:?}");
    }
    assert_eq!(preflight("/healthz", PAGE).status, 405);
    // Who asks nothing of the kind is told nothing of the kind.
    assert_eq!(server.ask(&Ask::new("OPTIONS", "/auth").header("origin", PAGE)).status, 405);
    let off = TestServer::new(&chains());
    let answer = off.ask(
        &Ask::new("OPTIONS", "/auth").header("origin", PAGE).header("access-control-request-method", "GET"),
    );
    assert_eq!(answer.status, 405);
    assert!(!answer.headers.contains_key(header::VARY), "{answer:?}");
}

#[test]
fn https_only_is_said_over_https_only() {
    let server = TestServer::of(Setup::new(chains()).server("hsts: true"));
    let answer = server.ask(&Ask::auth().basic(ALICE));
    assert!(!answer.headers.contains_key("strict-transport-security"), "{answer:?}");
    let told =
        server.warnings.iter().any(|warning| warning.to_string().contains("server.hsts: does nothing"));
    assert!(told, "{:?}", server.warnings);
}
