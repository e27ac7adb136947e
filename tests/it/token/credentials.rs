//! Who a request claims to be, and what becomes of contradictions.

use crate::support::{ALICE, Answer, Ask, BOB, Setup, TestServer, users};

fn server() -> TestServer {
    TestServer::new(&format!("users: {}\nacl: []\nlockout: {{enabled: false}}", users("")))
}

fn challenged(answer: &Answer) {
    assert_eq!(answer.error(401, "UNAUTHORIZED"), "invalid_grant");
    assert_eq!(answer.header("www-authenticate"), "Basic realm=\"test-issuer\"");
}

#[test]
fn right_passwords_from_header_and_form() {
    let server = server();
    for (account, password) in [ALICE, BOB] {
        let fields = [("username", account), ("password", password)];
        for ask in [
            Ask::auth().basic((account, password)),
            Ask::auth().basic((account, password)).query("account", account),
            Ask::auth().basic((account, password)).query("account", ""),
            Ask::post(&fields),
            Ask::post(&[fields[0], fields[1], ("account", account)]),
            Ask::post(&fields).basic((account, password)),
            Ask::post(&[]).basic((account, password)),
        ] {
            assert_eq!(server.token(&ask).account(), account, "{ask:?}");
        }
    }
}

#[test]
fn wrong_ones_get_a_challenge() {
    let server = server();
    for (account, password) in [
        ("alice", "wrong"),
        ("alice", ""),
        ("alice", BOB.1),
        ("Alice", ALICE.1),
        ("alice ", ALICE.1),
        ("nobody", ALICE.1),
    ] {
        challenged(&server.ask(&Ask::auth().basic((account, password))));
        challenged(&server.ask(&Ask::post(&[("username", account), ("password", password)])));
        challenged(&server.ask(&Ask::post(&[
            ("grant_type", "password"),
            ("username", account),
            ("password", password),
        ])));
    }
    let beginning = &ALICE.1[..ALICE.1.len() - 1];
    challenged(&server.ask(&Ask::auth().basic(("alice", beginning))));
    challenged(&server.ask(&Ask::auth().basic(("alice", &format!("{}\0", ALICE.1)))));
}

#[test]
fn a_right_password_stays_right_after_wrong_ones_and_the_other_way_round() {
    let server = server();
    for _ in 0..3 {
        assert_eq!(server.token(&Ask::auth().basic(ALICE)).account(), "alice");
        challenged(&server.ask(&Ask::auth().basic(("alice", "wrong"))));
        challenged(&server.ask(&Ask::auth().basic(("bob", ALICE.1))));
    }
}

#[test]
fn credentials_in_the_query_are_not_read() {
    let server = server();
    let ask = Ask::auth().query("username", "alice").query("password", ALICE.1);
    challenged(&server.ask(&ask));
    let ask =
        Ask::post(&[]).query("username", "alice").query("password", ALICE.1).query("grant_type", "password");
    challenged(&server.ask(&ask));
}

#[test]
fn contradictions_are_refused() {
    let server = server();
    let form = [("username", "alice"), ("password", ALICE.1)];
    let hint = |account| [form[0], form[1], ("account", account)];
    let asks = [
        Ask::auth().basic(ALICE).query("account", "bob"),
        Ask::auth().basic(ALICE).query("account", "ALICE"),
        Ask::auth().basic(("alice", "wrong")).query("account", "bob"),
        Ask::post(&hint("bob")),
        Ask::post(&form).query("account", "bob"),
        Ask::post(&form).basic(BOB),
        Ask::post(&form).basic(("bob", "wrong")),
        Ask::post(&[]).basic(ALICE).query("account", "bob"),
    ];
    for ask in asks {
        assert_eq!(server.ask(&ask).error(400, "UNSUPPORTED"), "invalid_request", "{ask:?}");
    }
}

#[test]
fn headers_that_cannot_be_read_are_refused() {
    let server = server();
    let basic = crate::support::basic(ALICE.0, ALICE.1);
    let asks = [
        Ask::auth().header("authorization", "Basic"),
        Ask::auth().header("authorization", "Basic !!!"),
        Ask::auth().header("authorization", "Basic YWxpY2U="),
        Ask::auth().header("authorization", "Basic /////w=="),
        Ask::auth().header("authorization", "Basic caf\u{e9}"),
        Ask::auth().header("authorization", &basic).header("authorization", &basic),
        Ask::auth().header("authorization", &basic).header("authorization", "Bearer x"),
    ];
    for ask in asks {
        assert_eq!(server.ask(&ask).error(400, "UNSUPPORTED"), "invalid_request", "{ask:?}");
    }
}

#[test]
fn basic_is_read_as_clients_write_it() {
    let server = server();
    let encoded = crate::support::basic(ALICE.0, ALICE.1).split_off("Basic ".len());
    for value in [
        format!("basic {encoded}"),
        format!("BASIC {encoded}"),
        format!("Basic   {encoded} "),
        format!("Basic {}", encoded.trim_end_matches('=')),
    ] {
        assert_eq!(server.token(&Ask::auth().header("authorization", &value)).account(), "alice", "{value}");
    }
}

#[test]
fn the_realm_is_the_issuer_as_a_quoted_string() {
    for (issuer, challenge) in [
        ("Acme auth server", r#"Basic realm="Acme auth server""#),
        (r#"the "new" one \ x"#, r#"Basic realm="the \"new\" one \\ x""#),
        ("a, b=c", r#"Basic realm="a, b=c""#),
    ] {
        let server = TestServer::of(Setup::new(format!("users: {}\nacl: []", users(""))).issuer(issuer));
        let answer = server.ask(&Ask::auth());
        answer.error(401, "UNAUTHORIZED");
        assert_eq!(answer.header("www-authenticate"), challenge);
    }
}
