//! nginx overwrites what its clients say in its name, and nobody gets past it to the gate.

use super::handed_on;
use super::nginx::Nginx;
use super::site::{Gated, Mode, SECRET};
use crate::accounts::{ADMIN, READER};

/// What a registry behind nginx is told.
fn told(mode: Mode, fields: &[(&str, &str)], target: &str) -> Option<Vec<String>> {
    handed_on::told::<Nginx>(mode, target, target, fields)
}

#[test]
fn the_registry_is_told_who_came_and_nothing_that_proves_it() {
    for mode in [Mode::Basic, Mode::Bearer] {
        let forged = [
            ("X-Forwarded-For", "198.51.100.77"),
            ("X-Forwarded-Host", "evil.example"),
            ("Forwarded", "host=evil.example"),
        ];
        let target = "/v2/alice/%61pp/tags/list?n=1";
        let Some(told) = told(mode, &forged, target) else { return };
        assert_eq!(told[0], format!("GET {target} HTTP/1.1"), "as the client wrote it");
        let values = |name: &str| -> Vec<&str> {
            let fields = told.iter().filter_map(|line| line.split_once(": "));
            fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
        };
        assert_eq!(values("X-Auth-User"), ["alice"], "{told:#?}");
        assert_eq!(values("X-Forwarded-Proto"), ["https"], "{told:#?}");
        for name in ["Host", "X-Forwarded-Host"] {
            assert_eq!(values(name), ["registry.example.com"], "{told:#?}");
        }
        assert_eq!(values("X-Forwarded-For"), ["127.0.0.1"], "{told:#?}");
        for name in ["Authorization", "Forwarded", "X-Auth-Groups", "X-Dockgate-Secret"] {
            assert!(values(name).is_empty(), "{told:#?}");
        }
    }
}

/// Whoever knows the secret gets no further by it.
#[test]
fn what_clients_say_in_its_name_counts_for_nothing() {
    let Some(gated) = Gated::<Nginx>::start(Mode::Basic, &[]) else { return };
    let before = gated.store("team/app", "1");
    let reader = gated.proof(&READER, "GET", "/v2/");
    let readable = "/v2/team/app/manifests/1";
    let forged: [&[(&str, &str)]; 7] = [
        &[("X-Original-Method", "GET")],
        &[("X-Original-URI", "/v2/reader/app/manifests/1")],
        &[("X-Original-Method", "GET"), ("X-Original-URI", readable), ("X-Dockgate-Secret", SECRET)],
        &[("x_original_method", "GET"), ("X_Original_URI", "/v2/reader/app/manifests/1")],
        &[("X-Auth-User", "admin")],
        &[("Connection", "X-Original-Method, X-Original-URI, Authorization")],
        &[("X-HTTP-Method-Override", "GET")],
    ];
    for fields in forged {
        let fields = [&[("Authorization", reader.as_str())], fields].concat();
        for (method, target) in [("DELETE", readable), ("PUT", readable), ("GET", "/v2/_catalog")] {
            let answer = gated.wire().ask(method, target, &fields, b"");
            assert_eq!(answer.status, 403, "{method} {target} {fields:?}: {answer:?}\n{}", gated.logs());
        }
    }
    // They change nothing either where the reader may: the request line counts.
    for fields in &forged[..4] {
        let fields = [&[("Authorization", reader.as_str())], *fields].concat();
        let answer = gated.wire().ask("GET", readable, &fields, b"");
        assert_eq!(answer.status, 200, "{fields:?}: {answer:?}\n{}", gated.logs());
    }
    let came = gated.accesses_until(readable).split_off(before);
    assert!(came.iter().all(|access| access.method == "GET" && access.target == readable), "{came:#?}");
}

#[test]
fn nobody_asks_the_gate_through_nginx() {
    let Some(gated) = Gated::<Nginx>::start(Mode::Bearer, &[]) else { return };
    let named = |target| {
        let fields = [
            ("X-Dockgate-Secret", SECRET),
            ("X-Original-Method", "GET"),
            ("X-Original-URI", "/v2/public/hello/manifests/1"),
            ("X-Forwarded-For", "203.0.113.9"),
        ];
        gated.wire().ask("GET", target, &fields, b"")
    };
    for target in [
        "/_gate",
        "/_gate/",
        "/%5fgate",
        "/v2/../_gate",
        "/forward-auth",
        "/forward-auth/v2/",
        "/auth/../forward-auth",
        "/auth/",
        "/metrics",
        "/healthz",
        "/",
    ] {
        assert_eq!(named(target).status, 404, "{target}");
    }
    // This one is for tokens, whatever stands before it.
    let tokens = named("/forward-auth/../auth?service=a");
    assert!(tokens.json()["token"].is_string(), "{tokens:?}");
    assert_eq!(gated.counted("dockgate_gate_checks_total"), 0, "{}", gated.logs());
    let shown = gated.ask(Some(&ADMIN), "GET", "/v2/");
    assert_eq!(shown.status, 200, "{shown:?}");
    assert!(gated.counted("dockgate_gate_checks_total") > 0, "it counts them");
}
