//! What runs the server: reached at the admin socket and nowhere else, and whatever comes in there is bounded.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::process::{Address, Server, Site};

const ROUTES: [&str; 9] = [
    "/tokens/create",
    "/tokens/list",
    "/tokens/revoke",
    "/bans/list",
    "/bans/lift",
    "/store/export",
    "/store/import",
    "/keys",
    "/explain",
];

fn serving() -> (Site, Server) {
    let site = Site::with(
        "server: {addr: \"127.0.0.1:0\", admin: {socket: admin.sock}, metrics: {addr: watch.sock, net: unix}}
token: {issuer: a, expiration: 300, certificate: cert.pem, key: key.pem}
store: {file: store}
users: {alice: {password: \"$2y$04$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC\"}}
acl: [{match: {account: alice}, actions: [pull]}]
",
    );
    let server = Server::start(&site, "auth.yml");
    (site, server)
}

#[test]
fn its_routes_are_at_its_socket_alone() {
    let (site, server) = serving();
    let admin = Address::Unix(site.file("admin.sock"));
    assert_eq!(admin.request("POST", "/tokens/list", &[], b"{}").status, 200);
    assert_eq!(admin.get("/bans/list", None).status, 200);
    let watching = Address::Unix(site.file("watch.sock"));
    assert_eq!(watching.get("/metrics", None).status, 200);
    for door in [server.address(), &watching] {
        for route in ROUTES {
            for target in [
                route.to_owned(),
                format!("{route}/"),
                format!("/{route}"),
                format!("/.{route}"),
                format!("/metrics/..{route}"),
                format!("/healthz/%2e%2e{route}"),
                route.replacen("s/", "s%2f", 1),
                route.to_uppercase(),
                format!("{route}?x=/metrics"),
                format!("http://localhost{route}"),
            ] {
                for method in ["GET", "POST", "HEAD", "PUT", "OPTIONS"] {
                    let headers = [
                        ("Host", "localhost"),
                        ("X-Original-URL", route),
                        ("X-HTTP-Method-Override", "POST"),
                    ];
                    let answer = door.request(method, &target, &headers, b"{}");
                    assert!(matches!(answer.status, 400 | 404 | 405), "{method} {target}: {answer:?}");
                }
            }
        }
    }
}

/// What is answered to a body that nobody reads to its end: perhaps the connection is closed before all of it was sent.
fn sent(site: &Site, target: &str, body: &str) -> String {
    let mut stream = UnixStream::connect(site.file("admin.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!("POST {target} HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn what_is_no_command_and_no_export_changes_nothing() {
    let (site, _server) = serving();
    let admin = Address::Unix(site.file("admin.sock"));
    let post = |target: &str, body: &[u8]| admin.request("POST", target, &[], body);
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let large = format!("{{\"account\":\"{}\"}}", "x".repeat(300_000));
    for target in ["/tokens/create", "/tokens/list", "/tokens/revoke", "/bans/lift"] {
        for body in ["", "{", "7", "null", "{\"unknown\":1}", "{\"account\":[]}", &deep[..100_000]] {
            assert_eq!(post(target, body.as_bytes()).status, 400, "{target} {}", &body[..body.len().min(20)]);
        }
        let answer = sent(&site, target, &large);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.0 413"), "{target}: {answer}");
    }
    assert_eq!(post("/tokens/revoke", b"{}").status, 400, "not all of them");
    assert_eq!(post("/tokens/revoke", b"{\"id\":\"\"}").status, 400, "nor those with any beginning");

    let head = "{\"format\":\"dockgate-store\",\"version\":1}\n";
    let line = |shelf: &str, expires: &str| {
        let value = STANDARD_NO_PAD.encode("{}");
        format!("{{\"shelf\":\"{shelf}\",\"key\":\"k\",\"created\":1{expires},\"value\":\"{value}\"}}\n")
    };
    let end = "{\"end\":true,\"records\":0}\n";
    for body in [
        String::new(),
        end.to_owned(),
        line("api-tokens", ""),
        head.to_owned(),
        format!("{head}{head}{end}"),
        format!("{head}{}{end}", line("lockouts", "")),
        format!("{head}{}{end}", line("sign-ins", "")),
        format!("{head}{}{end}", line("../api-tokens", "")),
        format!("{head}{}{end}", line("api-tokens", ",\"expires\":1e400")),
        format!("{head}{}{end}", line("api-tokens", ",\"expires\":-1")),
        format!("{head}{}{end}", line("api-tokens", ",\"restriction\":\"none\"")),
        format!("{head}{end}{end}"),
        "\0".repeat(1000),
    ] {
        let answer = post("/store/import", body.as_bytes());
        assert_eq!(answer.status, 400, "{} {answer:?}", &body[..body.len().min(200)]);
    }
    for long in ["x".repeat(1_100_000), deep] {
        let answer = sent(&site, "/store/import", &format!("{head}{long}\n{end}"));
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.0 400"), "{answer}");
    }
    let list = post("/tokens/list", b"{}");
    assert_eq!((list.status, list.json()["credentials"].as_array().unwrap().len()), (200, 0));
}
