//! Behind proxies: whose word counts for a client's address.

use super::granted;
use crate::support::{ALICE, Ask, Listening, RawClient, Setup, TestServer, basic, users};

/// The rule about 127.0.0.1 is what makes a forged address worth something.
fn setup(server: &str) -> Setup {
    let acl = "acl:
- {match: {ip: 127.0.0.0/8}, actions: [push]}
- {match: {ip: 203.0.113.9}, actions: [pull]}
- {match: {name: free}, actions: [delete]}";
    Setup::new(format!("users: {}\n{acl}", users(""))).server(server)
}

fn ask() -> Ask {
    Ask::auth().basic(ALICE).scope("repository:a:*").scope("repository:free:*")
}

fn from(address: &str) -> Option<std::net::IpAddr> {
    Some(address.parse().unwrap())
}

const NEAR: &str = "real_ip_header: X-Forwarded-For";
const LISTED: &str = "real_ip_header: X-Forwarded-For\ntrusted_proxies: [10.0.0.0/8, 2001:db8::7]";

#[test]
fn rules_see_the_client_and_not_the_proxy() {
    for keys in [NEAR, LISTED] {
        let server = TestServer::of(setup(keys));
        let proxied = |ask: Ask| ask.header("x-forwarded-for", "203.0.113.9").from(from("10.0.0.1"));
        for ask in [ask(), ask().at("/auth/token"), ask().at("/token")] {
            assert_eq!(granted(&server.ask(&proxied(ask))), ["pull", "pull"], "{keys}");
        }
        let form = Ask::post(&[
            ("grant_type", "password"),
            ("username", ALICE.0),
            ("password", ALICE.1),
            ("service", "s"),
            ("scope", "repository:a:* repository:free:*"),
        ]);
        let answer = server.ask(&proxied(form.clone()));
        assert_eq!(answer.json()["scope"], "repository:a:pull repository:free:pull");
        assert_eq!(server.ask(&form.from(from("10.0.0.1"))).status, 400, "{keys}");
        assert_eq!(granted(&server.ask(&proxied(ask()).from(None))), ["pull", "pull"], "{keys}");
    }
}

#[test]
fn who_writes_the_header_without_being_a_proxy_gains_nothing() {
    for keys in [NEAR, LISTED] {
        let server = TestServer::of(setup(keys));
        for forged in ["127.0.0.1", "203.0.113.9", "garbage", ""] {
            let forged = ask().header("x-forwarded-for", forged).from(from("198.51.100.1"));
            assert_eq!(granted(&server.ask(&forged)), ["", "delete"], "{keys}");
        }
        for forged in ["127.0.0.1", "203.0.113.9", "10.0.0.9, 203.0.113.9"] {
            let through = ask().header("x-forwarded-for", &format!("{forged}, 198.51.100.1"));
            assert_eq!(
                granted(&server.ask(&through.from(from("10.0.0.1")))),
                ["", "delete"],
                "{keys} {forged}"
            );
            let lines = ask().header("x-forwarded-for", forged).header("X-Forwarded-For", "198.51.100.1");
            assert_eq!(
                granted(&server.ask(&lines.from(from("10.0.0.1")))),
                ["", "delete"],
                "{keys} {forged}"
            );
        }
    }
}

#[test]
fn what_a_proxy_may_not_say_is_a_bad_request() {
    let server = TestServer::of(setup(NEAR));
    for said in
        ["127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1", "unknown", "203.0.113.9,", "a.example.com", ""]
    {
        let answer = server.ask(&ask().header("x-forwarded-for", said).from(from("10.0.0.1")));
        assert_eq!(answer.error(400, "UNSUPPORTED"), "invalid_request", "{said}");
    }
    let missing = server.ask(&ask().from(from("127.0.0.1")));
    missing.error(400, "UNSUPPORTED");
    assert!(missing.text().contains("the proxy did not name"), "{}", missing.text());
}

#[test]
fn probes_and_public_keys_need_no_header() {
    let server = TestServer::of(setup(LISTED));
    for path in ["/healthz", "/.well-known/jwks.json"] {
        assert_eq!(server.ask(&Ask::get(path).from(from("10.0.0.1"))).status, 200, "{path}");
    }
    assert_eq!(server.ask(&Ask::get("/nowhere").from(from("10.0.0.1"))).status, 404);
}

#[test]
fn the_administrator_is_told_what_a_header_without_a_list_means() {
    let warned = |keys: &str| -> Vec<String> {
        let warnings = TestServer::of(setup(keys)).warnings;
        warnings.iter().map(ToString::to_string).filter(|text| text.contains("real_ip")).collect()
    };
    let near = warned(NEAR);
    assert!(
        near.len() == 1 && near[0].contains("server.real_ip_header: ") && near[0].contains("last entry"),
        "{near:?}"
    );
    for position in ["0", "1", "-2"] {
        let said = warned(&format!("{NEAR}\nreal_ip_pos: {position}"));
        assert!(said.iter().any(|text| text.contains("server.real_ip_pos: this is read as -1")), "{said:?}");
        // And so it is.
        let server = TestServer::of(setup(&format!("{NEAR}\nreal_ip_pos: {position}")));
        let forged = ask().header("x-forwarded-for", "127.0.0.1, 203.0.113.9, 198.51.100.1");
        assert_eq!(granted(&server.ask(&forged.from(from("10.0.0.1")))), ["", "delete"]);
    }
    assert_eq!(warned(&format!("{NEAR}\nreal_ip_pos: -1")).len(), 1);
    assert_eq!(warned(LISTED), Vec::<String>::new());
    assert_eq!(warned("real_ip_pos: 0"), Vec::<String>::new());
    assert!(warned("real_ip_pos: 1")[0].contains("does nothing without"));
}

#[test]
fn over_a_unix_socket_the_header_counts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    for keys in [NEAR, LISTED] {
        let setup = setup(keys).server("net: unix").addr(path.to_str().unwrap());
        let server = Listening::start(setup);
        let mut client = server.connect();
        let asked = |client: &mut RawClient, lines: &str| {
            let authorization = basic(ALICE.0, ALICE.1);
            client.send(format!(
                "GET /auth?service=s&scope=repository:a:*+repository:free:* HTTP/1.1\r\nhost: x\r\n\
                 authorization: {authorization}\r\n{lines}\r\n"
            ));
            client.answer()
        };
        let forwarded = "x-forwarded-for: 127.0.0.1, 203.0.113.9\r\n";
        assert_eq!(granted(&asked(&mut client, forwarded)), ["pull", "pull"]);
        assert_eq!(asked(&mut client, "").status, 400);
        let two_lines = "x-forwarded-for: 203.0.113.9\r\nX-Forwarded-For: 198.51.100.1\r\n";
        assert_eq!(granted(&asked(&mut client, two_lines)), ["", "delete"]);
    }
}
