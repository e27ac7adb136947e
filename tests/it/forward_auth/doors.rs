//! Who may ask at all: addresses, the secret, sockets.

use super::gate::{CLIENT, MANIFEST, SECRET, gate, nginx, people, proxied, section, setup};
use crate::process::{Server, Site, poll};
use crate::support::{ALICE, Ask, Listening, PATIENCE, Setup, TestServer, basic};

/// The question of nginx about something that everybody may do, with this for a secret.
fn with_secret(secret: &str) -> Ask {
    Ask::get("/forward-auth")
        .header("x-dockgate-secret", secret)
        .header("x-forwarded-for", CLIENT)
        .header("x-original-method", "GET")
        .header("x-original-uri", "/v2/public/app/manifests/1")
}

fn without_secret() -> Ask {
    Ask::get("/forward-auth").header("x-original-method", "GET").header("x-original-uri", MANIFEST)
}

#[test]
fn only_who_sends_the_secret_is_answered() {
    let server = gate("preset: nginx");
    assert_eq!(server.ask(&with_secret(SECRET)).status, 200);
    let upper = SECRET.to_uppercase();
    let longer = format!("{SECRET}0");
    for bad in ["", &SECRET[..31], &SECRET[1..], &longer, &upper, &"0".repeat(32)] {
        let answer = server.ask(&with_secret(bad).basic(ALICE));
        assert_eq!((answer.status, answer.header("x-auth-user")), (403, ""), "{bad:?}");
        assert!(
            !answer.headers.contains_key("www-authenticate"),
            "who is not the proxy is asked for nothing"
        );
    }
    assert_eq!(server.ask(&without_secret().basic(ALICE)).status, 403);
    assert_eq!(server.ask(&with_secret(SECRET).header("x-dockgate-secret", SECRET)).status, 403, "twice");
}

#[test]
fn the_secret_from_before_counts_too() {
    let before = "f".repeat(32);
    let server = gate(&format!("preset: nginx, previous_secret: {before}"));
    let asked = [SECRET, &before, &"e".repeat(32)].map(|secret| server.ask(&with_secret(secret)).status);
    assert_eq!(asked, [200, 200, 403]);
}

#[test]
fn only_who_is_listed_is_answered() {
    let server = gate("preset: nginx");
    let from = |address: &str| server.ask(&with_secret(SECRET).from(Some(address.parse().unwrap()))).status;
    assert_eq!([from("127.0.0.1"), from("::ffff:127.0.0.1")], [200, 200]);
    assert_eq!([from("127.0.0.2"), from("::1"), from(CLIENT)], [403, 403, 403]);
    assert_eq!(server.ask(&with_secret(SECRET).from(None)).status, 200, "a unix socket's mode lets in");
}

#[test]
fn the_proxies_of_the_server_are_those_of_the_gate() {
    let section = section("preset: nginx").replace("trusted_proxies: [127.0.0.1], ", "");
    let more = format!("{section}{}acl: [{{match: {{}}, actions: [pull]}}]", people());
    let setup = Setup::new(more).server("trusted_proxies: [192.0.2.0/24]\nreal_ip_header: X-Forwarded-For");
    let server = TestServer::of(setup);
    let from =
        |address: &str| server.ask(&nginx("GET", MANIFEST).basic(ALICE).from(Some(address.parse().unwrap())));
    assert_eq!([from("192.0.2.7").status, from("127.0.0.1").status], [200, 403]);
}

#[test]
fn the_proxy_must_say_whose_request_it_is() {
    let server = gate("preset: nginx");
    let from = |address: Option<&str>| {
        let ask = Ask::get("/forward-auth").header("x-dockgate-secret", SECRET).basic(ALICE);
        let ask = ask.header("x-original-method", "GET").header("x-original-uri", MANIFEST);
        server
            .ask(&address.into_iter().fold(ask, |ask, address| ask.header("x-forwarded-for", address)))
            .status
    };
    assert_eq!([from(Some(CLIENT)), from(Some("2001:db8::1"))], [200, 200]);
    assert_eq!(from(Some("127.0.0.1")), 200, "a client on the proxy's own machine");
    assert_eq!([from(None), from(Some("")), from(Some("somebody"))], [403, 403, 403]);
}

#[test]
fn without_its_section_there_is_no_gate() {
    let server = TestServer::new(&format!("{}acl: [{{match: {{}}, actions: ['*']}}]", people()));
    for path in ["/forward-auth", "/forward-auth/v2/"] {
        assert_eq!(server.ask(&nginx("GET", "/v2/").at(path).basic(ALICE)).status, 404);
    }
}

#[test]
fn it_stands_behind_the_prefix_of_the_server() {
    let server = TestServer::of(setup("preset: nginx").server("path_prefix: /docker"));
    let ask = |path: &str| server.ask(&nginx("GET", MANIFEST).at(path).basic(ALICE)).status;
    assert_eq!(ask("/docker/forward-auth"), 200);
    assert_eq!([ask("/forward-auth"), ask("/docker/forward-authx"), ask("/docker")], [404; 3]);
    assert_eq!(ask("/docker/forward-auth/"), 403, "only Envoy asks behind it");
}

/// nginx asks with GET; Traefik and Caddy do too; what a proxy asks with says nothing where headers say it.
#[test]
fn how_it_is_asked_makes_no_difference() {
    let server = gate("preset: nginx");
    for method in ["GET", "HEAD", "POST", "OPTIONS", "DELETE"] {
        let question = |said: &str| {
            proxied(method, "/forward-auth?x=1")
                .header("x-original-method", said)
                .header("x-original-uri", MANIFEST)
        };
        let body = question("GET").body("mount=x&from=y");
        assert_eq!(server.ask(&question("GET").basic(crate::support::BOB)).status, 200, "{method}");
        assert_eq!(server.ask(&question("PUT").basic(crate::support::BOB)).status, 403, "{method}");
        assert_eq!(server.ask(&body.basic(ALICE)).status, 200, "{method}");
    }
}

#[test]
fn the_sockets_mode_says_who_may_ask() {
    let site = Site::new();
    let socket = site.file("gate.sock");
    site.write("auth.yml", real(&format!("server: {{addr: \"{}\", net: unix}}", socket.display()), SECRET));
    let server = Server::start(&site, "auth.yml");
    assert_eq!(asked(&server, SECRET), 200);
    assert_eq!(asked(&server, &"0".repeat(32)), 403);
}

/// Something stands between the proxy and the gate, and says by the PROXY protocol who the proxy is.
#[test]
fn the_proxy_is_whom_a_proxy_header_brings() {
    let section = section("preset: nginx").replace("[127.0.0.1]", "[192.0.2.7, \"2001:db8::7\"]");
    let more = format!("{section}{}acl: [{{match: {{ip: {CLIENT}}}, actions: [pull]}}]", people());
    let setup = Setup::new(more).server("proxy_protocol: {from: [127.0.0.1]}");
    let server = Listening::start(setup);
    let asked = |header: &str, secret: &str, client: &str| {
        let mut connection = server.connect();
        connection.send(header);
        connection.send(format!(
            "GET /forward-auth HTTP/1.1\r\nhost: x\r\nx-dockgate-secret: {secret}\r\n\
             x-forwarded-for: {client}\r\nx-original-method: GET\r\nx-original-uri: {MANIFEST}\r\n\
             authorization: {}\r\n\r\n",
            basic(ALICE.0, ALICE.1)
        ));
        connection.answer().status
    };
    let v4 = |address: &str| format!("PROXY TCP4 {address} 127.0.0.1 4711 5001\r\n");
    let v6 = |address: &str| format!("PROXY TCP6 {address} ::1 4711 5001\r\n");
    for proxy in [v4("192.0.2.7"), v6("::ffff:192.0.2.7"), v6("2001:db8::7")] {
        assert_eq!(asked(&proxy, SECRET, CLIENT), 200, "{proxy}");
        assert_eq!(asked(&proxy, SECRET, "203.0.113.10"), 403, "another client: {proxy}");
        assert_eq!(asked(&proxy, &"0".repeat(32), CLIENT), 403, "{proxy}");
    }
    // Who only hands connections on is not the proxy, and neither is the client.
    for other in
        [v4("192.0.2.8"), v4("127.0.0.1"), v4(CLIENT), v6("2001:db8::8"), "PROXY UNKNOWN\r\n".to_owned()]
    {
        assert_eq!(asked(&other, SECRET, CLIENT), 403, "{other}");
    }
}

#[test]
fn a_reload_changes_the_secret() {
    let doors = "server: {addr: \"127.0.0.1:0\"}";
    let site = Site::with(&real(doors, SECRET));
    let server = Server::start(&site, "auth.yml");
    let new = "fedcba9876543210fedcba9876543210";
    assert_eq!([asked(&server, SECRET), asked(&server, new)], [200, 403]);
    site.write("auth.yml", real(doors, new));
    server.signal(rustix::process::Signal::HUP);
    assert!(poll(PATIENCE, || (asked(&server, new) == 200).then_some(())).is_some(), "{}", server.stderr());
    assert_eq!(asked(&server, SECRET), 403, "the old one is not the previous one");
}

fn real(server: &str, secret: &str) -> String {
    format!(
        "{server}
token: {{issuer: a, expiration: 300, certificate: cert.pem, key: key.pem}}
{}users: {{\"\": {{}}}}
acl: [{{match: {{}}, actions: [pull]}}]
",
        section("preset: nginx").replace(SECRET, secret)
    )
}

/// The answer's status to a question that everybody gets a yes to.
fn asked(server: &Server, secret: &str) -> u16 {
    let headers = [
        ("X-Dockgate-Secret", secret),
        ("X-Original-Method", "GET"),
        ("X-Original-URI", MANIFEST),
        ("X-Forwarded-For", CLIENT),
    ];
    server.address().request("GET", "/forward-auth", &headers, b"").status
}
