//! Where each proxy says what it is asked for.

use super::gate::{MANIFEST, gate, proxied};
use crate::support::{ALICE, Ask, BOB};

/// The question of a proxy.
fn question(preset: &str, method: &str, uri: &str) -> Ask {
    let said = |names: [&str; 2], uri: &str| {
        proxied("GET", "/forward-auth").header(names[0], method).header(names[1], uri)
    };
    match preset {
        "nginx" | "haproxy" => said(["x-original-method", "x-original-uri"], uri),
        "ingress-nginx" => {
            said(["x-original-method", "x-original-url"], &format!("https://registry.example.com:8443{uri}"))
        }
        "traefik" | "caddy" => said(["x-forwarded-method", "x-forwarded-uri"], uri),
        _ => proxied(method, &format!("/forward-auth{uri}")),
    }
}

const PRESETS: [&str; 6] = ["nginx", "ingress-nginx", "traefik", "caddy", "envoy", "haproxy"];

#[test]
fn each_says_it_in_its_own_way() {
    for preset in PRESETS {
        let server = gate(&format!("preset: {preset}"));
        for (method, uri, alice, bob) in [
            ("GET", MANIFEST, 200, 200),
            ("PUT", MANIFEST, 200, 403),
            ("GET", "/v2/team/app/tags/list?n=1&last=a", 200, 200),
            ("POST", "/v2/team/app/blobs/uploads/", 200, 403),
            ("GET", "/v2/", 200, 200),
            ("GET", "/elsewhere", 403, 403),
        ] {
            let asked =
                [ALICE, BOB].map(|person| server.ask(&question(preset, method, uri).basic(person)).status);
            assert_eq!(asked, [alice, bob], "{preset}: {method} {uri}");
        }
    }
}

/// What one proxy says in its headers, its client may have written where another one asks.
#[test]
fn none_is_taken_for_another() {
    for preset in PRESETS {
        let server = gate(&format!("preset: {preset}"));
        for other in PRESETS {
            let is_alike = |one: &str| match one {
                "haproxy" => "nginx".to_owned(),
                "caddy" => "traefik".to_owned(),
                one => one.to_owned(),
            };
            let answer = server.ask(&question(other, "GET", MANIFEST).basic(ALICE));
            let expected = if is_alike(preset) == is_alike(other) { 200 } else { 403 };
            assert_eq!(answer.status, expected, "{preset} asked as {other}");
        }
    }
}

#[test]
fn headers_may_have_other_names() {
    let server = gate(
        "preset: nginx, headers: {method: X-Method, uri: X-Path, secret: X-Gate-Secret, client: X-Real-IP}",
    );
    let ask = || {
        Ask::get("/forward-auth")
            .header("x-gate-secret", super::gate::SECRET)
            .header("x-real-ip", super::gate::CLIENT)
            .header("x-method", "GET")
            .header("x-path", MANIFEST)
            .basic(ALICE)
    };
    assert_eq!(server.ask(&ask()).status, 200);
    for name in ["x-original-uri", "x-path", "x-gate-secret", "x_path", "x.real.ip"] {
        assert_eq!(server.ask(&ask().header(name, MANIFEST)).status, 403, "{name}");
    }
    assert_eq!(server.ask(&ask().header("connection", "keep-alive, X-Path")).status, 403);
    assert_eq!(server.ask(&ask().header("connection", "keep-alive")).status, 200);
}

#[test]
fn the_host_of_a_url_is_the_clients_and_says_nothing() {
    let server = gate("preset: ingress-nginx");
    let ask = |url: &str| {
        let ask =
            proxied("GET", "/forward-auth").header("x-original-method", "GET").header("x-original-url", url);
        server.ask(&ask.basic(ALICE)).status
    };
    for host in ["a", "a.example.com:8443", "[::1]:443", "team_1.example.com"] {
        assert_eq!(ask(&format!("http://{host}{MANIFEST}")), 200, "{host}");
    }
    for url in [
        format!("https://{MANIFEST}"),
        format!("https://a?x{MANIFEST}"),
        format!("https://a#x{MANIFEST}"),
        format!("https://alice@a{MANIFEST}"),
        format!("https://a%2f{MANIFEST}"),
        format!("https://a b{MANIFEST}"),
        format!("ftp://a{MANIFEST}"),
        format!("HTTPS://a{MANIFEST}"),
        format!("//a{MANIFEST}"),
        MANIFEST.to_owned(),
        "https://a".to_owned(),
        format!("https://a/v2/public/x/..{MANIFEST}"),
    ] {
        assert_eq!(ask(&url), 403, "{url}");
    }
}
