//! More of everything than anybody needs, without a socket.

use std::time::{Duration, Instant};

use super::{is_sound, server, still_serves};
use crate::support::{ALICE, Ask, Setup, TestServer, form};

#[test]
fn ten_thousand_scopes_are_refused_at_once() {
    let server = server();
    let begun = Instant::now();
    let one = "a:b:c ".repeat(10_000);
    let many = "scope=a:b:c&".repeat(5_000);
    for _ in 0..20 {
        let asks = [
            Ask::get("/auth").basic(ALICE).raw_query(&format!("scope={}", one.replace(' ', "+"))),
            Ask::get("/auth").basic(ALICE).raw_query(&many),
            Ask::new("POST", "/auth").basic(ALICE).body(format!("scope={}", one.replace(' ', "+"))),
            Ask::new("POST", "/auth").basic(ALICE).body(many.clone()),
            Ask::get("/auth").raw_query(&many),
        ];
        for ask in asks {
            assert_eq!(server.ask(&ask).error(400, "UNSUPPORTED"), "invalid_request");
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(60));
    still_serves(&server);
}

#[test]
fn the_bound_on_scopes_counts_all_that_are_written() {
    let server = TestServer::of(Setup::new(super::chains()).server("limits: {scopes: 3}"));
    let table: &[(&str, u16)] = &[
        ("repository:a:pull repository:b:pull repository:c:pull", 200),
        ("repository:a:pull repository:b:pull repository:c:pull repository:d:pull", 400),
        ("repository:a:pull repository:a:pull repository:a:pull repository:a:pull", 400),
        ("nonsense nonsense nonsense nonsense", 400),
        ("repository:a:pull      repository:b:pull", 200),
    ];
    for (scopes, status) in table {
        assert_eq!(server.ask(&Ask::auth().basic(ALICE).scope(scopes)).status, *status, "{scopes}");
        let apart = scopes.split(' ').fold(Ask::auth().basic(ALICE), Ask::scope);
        assert_eq!(server.ask(&apart).status, *status, "{scopes}, apart");
    }
}

#[test]
fn a_large_body_is_refused_and_an_allowed_one_read() {
    let server = server();
    let fields = |padding: usize| {
        form(&[("username", ALICE.0), ("password", ALICE.1), ("padding", &"x".repeat(padding))])
    };
    let ask = |body: String| {
        Ask::new("POST", "/auth").header("content-type", "application/x-www-form-urlencoded").body(body)
    };
    assert_eq!(server.token(&ask(fields(60_000))).account(), "alice");
    for size in [64 * 1024, 1024 * 1024] {
        assert_eq!(server.ask(&ask(fields(size))).error(413, "SIZE_INVALID"), "invalid_request");
    }
    let exact = fields(0);
    let exact = format!("{exact}{}", "x".repeat(64 * 1024 - exact.len()));
    assert_eq!(server.token(&ask(exact.clone())).account(), "alice");
    assert_eq!(server.ask(&ask(format!("{exact}x"))).status, 413);
    still_serves(&server);
}

#[test]
fn long_names_and_secrets_have_their_bounds() {
    let server = server();
    let at = |account: usize| server.ask(&Ask::auth().basic((&"a".repeat(account), "x"))).status;
    assert_eq!((at(256), at(257), at(20_000)), (401, 400, 400));
    let service = |length: usize| {
        server.ask(&Ask::get("/auth").basic(ALICE).query("service", &"s".repeat(length))).status
    };
    assert_eq!((service(256), service(257)), (200, 400));
    for length in [73, 8 * 1024, 8 * 1024 + 1, 40_000] {
        let answer = server.ask(&Ask::post(&[("username", "alice"), ("password", &"p".repeat(length))]));
        assert_eq!(answer.error(401, "UNAUTHORIZED"), "invalid_grant", "{length}");
    }
}

#[test]
fn an_answer_stays_below_64_kib_whatever_was_asked() {
    let server = server();
    let names: [(&str, String); 4] = [
        ("one long name", format!("repository:{}:pull", "x".repeat(50_000))),
        (
            "many long names",
            (0..90).map(|n| format!("repository:{n}{}:pull", "x".repeat(500))).collect::<Vec<_>>().join(" "),
        ),
        ("names that grow when they are quoted", format!("repository:{}:pull", "\"".repeat(15_000))),
        (
            "many actions",
            format!(
                "repository:public/a:{}",
                (0..9_000).map(|n| n.to_string()).collect::<Vec<_>>().join(",")
            ),
        ),
    ];
    for (what, scope) in names {
        for ask in [Ask::post(&[("scope", &scope)]), Ask::auth().scope(&scope)] {
            let answer = server.ask(&ask);
            is_sound(&server, &answer, what);
        }
    }
}

#[test]
fn many_parameters_are_read_in_little_time() {
    let server = server();
    let begun = Instant::now();
    for piece in ["a=b&", "&", "=&", "%&", "service=x&", "scope=&", "account=&"] {
        let ask = Ask::get("/auth").basic(ALICE).raw_query(&piece.repeat(60_000 / piece.len()));
        is_sound(&server, &server.ask(&ask), piece);
    }
    assert!(begun.elapsed() < Duration::from_secs(60));
}
