//! Who fails too often, as a proxy hands it on.

use super::gate::{CLIENT, MANIFEST, RULES, SECRET, gate, nginx, people, proxied, section};
use crate::support::{ALICE, Ask, TestServer};

/// Nobody is slowed, so that no test waits.
fn server(preset: &str) -> TestServer {
    let section = section(&format!("preset: {preset}"));
    TestServer::new(&format!("{section}lockout: {{account: {{delay: 0}}}}\n{}{RULES}", people()))
}

fn fail(server: &TestServer, ask: &dyn Fn() -> Ask) {
    for number in 0..5 {
        let answer = server.ask(&ask().basic((ALICE.0, &format!("wrong {number}"))));
        assert_eq!(answer.status, 401, "{number}: {answer:?}");
    }
}

#[test]
fn nginx_knows_401_and_403_alone() {
    for preset in ["nginx", "ingress-nginx"] {
        let server = server(preset);
        let ask = || match preset {
            "nginx" => nginx("GET", MANIFEST),
            _ => proxied("GET", "/forward-auth")
                .header("x-original-method", "GET")
                .header("x-original-url", &format!("https://registry.example.com{MANIFEST}")),
        };
        assert_eq!(server.ask(&ask().basic(ALICE)).status, 200);
        fail(&server, &ask);
        let locked = server.ask(&ask().basic(ALICE));
        assert_eq!(locked.status, 401, "{locked:?}");
        assert!(locked.header("www-authenticate").starts_with("Basic "), "{locked:?}");
        assert!(locked.text().contains("too many failed logins"), "{locked:?}");
    }
}

#[test]
fn others_hand_on_429() {
    let server = server("traefik");
    let ask = || {
        proxied("GET", "/forward-auth")
            .header("x-forwarded-method", "GET")
            .header("x-forwarded-uri", MANIFEST)
    };
    fail(&server, &ask);
    let locked = server.ask(&ask().basic(ALICE));
    assert_eq!(locked.status, 429, "{locked:?}");
    assert!(locked.header("retry-after").parse::<u64>().unwrap() > 0);
}

/// The ban is the client's, not the proxy's, through whom everybody comes.
#[test]
fn somebody_elses_failures_are_not_mine() {
    let server = server("nginx");
    fail(&server, &|| nginx("GET", MANIFEST));
    assert_eq!(server.ask(&nginx("GET", MANIFEST).basic(ALICE)).status, 401);
    let elsewhere = Ask::get("/forward-auth")
        .header("x-dockgate-secret", SECRET)
        .header("x-forwarded-for", &format!("{CLIENT}, 203.0.113.10"))
        .header("x-original-method", "GET")
        .header("x-original-uri", MANIFEST);
    assert_eq!(
        server.ask(&elsewhere.basic(ALICE)).status,
        200,
        "what stands before is the client's own word"
    );
}

/// Nothing is guessed with a request that is refused before anybody is asked.
#[test]
fn what_is_not_asked_counts_as_no_failure() {
    let server = gate("preset: nginx");
    for number in 0..20 {
        let wrong = (ALICE.0, &*format!("wrong {number}"));
        assert_eq!(server.ask(&nginx("GET", "/v2/../x").basic(wrong)).status, 403);
    }
    assert_eq!(server.ask(&nginx("GET", MANIFEST).basic(ALICE)).status, 200);
}
