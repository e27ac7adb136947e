//! Whose addresses are banned.

use super::{HERE, RULES, THERE, fail, from, login, server, setup};
use crate::support::{ALICE, Ask, BOB, TestServer, users};

#[test]
fn an_address_that_guesses_at_many_accounts_is_refused_for_all() {
    let server = server("");
    for number in 0..50 {
        fail(&server, &format!("somebody{number}"), HERE, 1);
    }
    let refused = login(&server, ALICE.0, ALICE.1, HERE);
    assert_eq!(refused.error(429, "TOOMANYREQUESTS"), "temporarily_unavailable");
    assert_eq!(server.ask(&Ask::auth().from(from(HERE))).status, 200, "without a proof");
    assert_eq!(login(&server, ALICE.0, ALICE.1, THERE).status, 200);
}

#[test]
fn ipv6_counts_by_sixty_four() {
    let server = server("");
    for number in 1..=5 {
        fail(&server, "alice", &format!("2001:db8:1:2::{number}"), 1);
    }
    assert_eq!(login(&server, ALICE.0, ALICE.1, "2001:db8:1:2:ffff:1::").status, 429);
    assert_eq!(login(&server, ALICE.0, ALICE.1, "2001:db8:1:3::1").status, 200);
}

#[test]
fn an_allowed_network_is_never_banned() {
    let server = server(", allow: [203.0.113.0/31, '2001:db8::/32']");
    for address in [HERE, "2001:db8:7::1"] {
        fail(&server, "alice", address, 60);
        assert_eq!(login(&server, ALICE.0, ALICE.1, address).status, 200, "{address}");
    }
    fail(&server, "alice", THERE, 5);
    assert_eq!(login(&server, ALICE.0, ALICE.1, THERE).status, 429);
}

/// Whoever stands behind a proxy that nobody mentioned has its address: one of them must not shut out the others.
#[test]
fn an_address_that_may_be_a_proxys_is_not_banned_as_a_whole() {
    let behind = |lines: &str| TestServer::of(setup("").server(lines));
    let listed = "real_ip_header: X-Forwarded-For\ntrusted_proxies: [203.0.113.9]";
    for (server, peer) in [
        (behind(""), "127.0.0.1"),
        (behind(""), "172.18.0.5"),
        (behind(""), "fd00::5"),
        (behind(listed), "203.0.113.8"),
    ] {
        for number in 0..120 {
            fail(&server, &format!("somebody{number}"), peer, 1);
        }
        assert_eq!(login(&server, ALICE.0, ALICE.1, peer).status, 200, "{peer}");
        fail(&server, "bob", peer, 5);
        assert_eq!(login(&server, BOB.0, BOB.1, peer).status, 429, "the pair is banned: {peer}");
    }
}

#[test]
fn the_address_that_a_trusted_proxy_names_is_the_clients_own() {
    let lines = "real_ip_header: X-Forwarded-For\ntrusted_proxies: [203.0.113.9]";
    let server = TestServer::of(setup("").server(lines));
    let through = |account: &str, password: &str, client: &str| {
        let ask = Ask::auth().basic((account, password)).header("x-forwarded-for", client);
        server.ask(&ask.from(from("203.0.113.9")))
    };
    for number in 0..50 {
        assert_eq!(through(&format!("somebody{number}"), "wrong", "10.0.0.1").status, 401, "{number}");
    }
    assert_eq!(through(ALICE.0, ALICE.1, "10.0.0.1").status, 429);
    assert_eq!(through(ALICE.0, ALICE.1, "10.0.0.2").status, 200);
    // A proxy's own, where it does not say who was before it.
    for number in 0..120 {
        assert_eq!(through(&format!("somebody{number}"), "wrong", "203.0.113.9").status, 401, "{number}");
    }
    assert_eq!(through(ALICE.0, ALICE.1, "203.0.113.9").status, 200);
}

#[test]
fn without_any_address_only_the_account_is_slowed() {
    let server =
        TestServer::new(&format!("lockout: {{account: {{delay: 0}}}}\nusers: {}\n{RULES}", users("")));
    for number in 0..60 {
        let ask = Ask::auth().basic(("alice", &format!("wrong {number}"))).from(None);
        assert_eq!(server.ask(&ask).status, 401);
    }
    assert_eq!(server.ask(&Ask::auth().basic(ALICE).from(None)).status, 200);
}
