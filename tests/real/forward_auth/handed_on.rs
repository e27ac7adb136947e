//! What proxies have in common that hand on the gate's whole answer.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Front;
use super::site::{Gated, Mode, SECRET};
use crate::accounts::{self, ADMIN, ALICE, READER};
use crate::harness::http::Response;

const MANIFEST: &str = "/v2/team/app/manifests/1";
const HEARD_WITHIN: Duration = Duration::from_secs(10);

/// Nobody passes, and everybody is told so as a registry would.
#[track_caller]
pub(super) fn unavailable(answer: &Response) {
    assert_eq!((answer.status, answer.header("Retry-After")), (503, Some("5")), "{answer:?}");
    assert_eq!(answer.headers("Docker-Distribution-Api-Version").count(), 1, "{answer:?}");
    assert_eq!(answer.json()["errors"][0]["code"], "UNAVAILABLE");
}

pub(super) fn nobody_passes_without_a_gate<F: Front>() {
    let Some(mut gated) = Gated::<F>::start(Mode::Basic, &[]) else { return };
    let before = gated.store("team/app", "1");
    assert_eq!(gated.ask(Some(&ADMIN), "GET", MANIFEST).status, 200, "{}", gated.logs());
    gated.gate.terminate();
    for account in [Some(&ADMIN), None] {
        unavailable(&gated.ask(account, "GET", MANIFEST));
        unavailable(&gated.ask(account, "DELETE", MANIFEST));
    }
    let came = gated.accesses_until(MANIFEST).split_off(before);
    assert_eq!(came.len(), 1, "{came:#?}");
}

/// A registry that shows what it is told, and the answer of the proxy.
pub(super) fn told<F: Front>(
    mode: Mode,
    target: &str,
    written: &str,
    fields: &[(&str, &str)],
) -> Option<Vec<String>> {
    let registry = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = registry.local_addr().unwrap().to_string();
    let gated = Gated::<F>::before(mode, &[], &accounts::users_and_acl(), Some(place))?;
    let heard = thread::spawn(move || {
        let (mut stream, _) = registry.accept().unwrap();
        stream.set_read_timeout(Some(HEARD_WITHIN)).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let answer =
            "HTTP/1.1 200 OK\r\nDocker-Distribution-Api-Version: registry/2.0\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(head).unwrap()
    });
    let proof = gated.proof(&ALICE, "GET", target);
    let fields = [&[("Authorization", proof.as_str())], fields].concat();
    let answer = gated.wire().ask("GET", written, &fields, b"");
    assert_eq!(answer.status, 200, "{answer:?}\n{}", gated.logs());
    assert_eq!(answer.headers("Docker-Distribution-Api-Version").count(), 1, "{answer:?}");
    Some(heard.join().unwrap().lines().map(str::to_owned).collect())
}

/// Who came, the path as it was written, and nothing of what the client says in the proxy's name or proves itself with.
pub(super) fn the_registry_is_told_who_came<F: Front>() {
    let target = "/v2/alice/%61pp/tags/list?n=1&last=%2F";
    let url = format!("https://registry.example.com{target}");
    let forged = [
        ("X-Forwarded-For", "198.51.100.77"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "gopher"),
        ("X-Dockgate-Secret", SECRET),
        ("Forwarded", "host=evil.example"),
        // Behind the gate, this would take away what it says.
        ("Connection", "X-Auth-User, X-Forwarded-Proto"),
    ];
    for (mode, written) in [(Mode::Basic, target), (Mode::Bearer, target), (Mode::Basic, &url)] {
        let Some(told) = told::<F>(mode, target, written, &forged) else { return };
        assert_eq!(told[0], format!("GET {target} HTTP/1.1"), "as the gate was told");
        let values = |name: &str| -> Vec<&str> {
            let fields = told.iter().filter_map(|line| line.split_once(':'));
            let of_name = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
            of_name.map(|(_, value)| value.trim()).collect()
        };
        assert_eq!(values("X-Auth-User"), ["alice"], "{told:#?}");
        assert_eq!(values("X-Forwarded-Proto"), ["https"], "{told:#?}");
        assert_eq!(values("X-Forwarded-For"), ["127.0.0.1"], "{told:#?}");
        assert_eq!(values("Host"), ["registry.example.com"], "{told:#?}");
        for name in ["X-Forwarded-Host", "X-Auth-Groups"] {
            let values = values(name);
            assert!(
                values.iter().all(|value| ["", "registry.example.com"].contains(value)),
                "{name}: {values:?}"
            );
        }
        for name in ["Authorization", "Forwarded", "X-Dockgate-Secret"] {
            assert!(values(name).is_empty(), "{name}: {told:#?}");
        }
        let connection = values("Connection").join(",").to_ascii_lowercase();
        assert!(!connection.contains("x-"), "{told:#?}");
    }
}

/// Whoever knows the secret gets no further by it, whatever names are before the proxy's own.
pub(super) fn what_clients_say_in_its_name_counts_for_nothing<F: Front>() {
    let Some(gated) = Gated::<F>::start(Mode::Basic, &[]) else { return };
    let before = gated.store("team/app", "1");
    let reader = gated.proof(&READER, "GET", "/v2/");
    let elsewhere = "/v2/reader/app/manifests/1";
    let forged: [&[(&str, &str)]; 9] = [
        &[("X-Forwarded-Method", "GET")],
        &[("X-Forwarded-Uri", elsewhere)],
        &[("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", MANIFEST), ("X-Dockgate-Secret", SECRET)],
        &[("X-Original-Method", "GET"), ("X-Original-URI", MANIFEST), ("X-Dockgate-Secret", SECRET)],
        &[("x_forwarded_method", "GET"), ("X_Forwarded_Uri", elsewhere)],
        &[("x_original_method", "GET"), ("X_Original_URI", elsewhere)],
        &[("X-Auth-User", "admin"), ("X-Auth-Groups", "admins")],
        &[("Connection", "X-Forwarded-Method, X-Original-Method, Authorization, X-Dockgate-Secret")],
        &[("X-HTTP-Method-Override", "GET")],
    ];
    for fields in forged {
        let fields = [&[("Authorization", reader.as_str())], fields].concat();
        for (method, target) in [("DELETE", MANIFEST), ("PUT", MANIFEST), ("GET", "/v2/_catalog")] {
            let answer = gated.wire().ask(method, target, &fields, b"");
            assert!(
                [401, 403].contains(&answer.status),
                "{method} {target} {fields:?}: {answer:?}\n{}",
                gated.logs()
            );
        }
    }
    assert_eq!(gated.ask(Some(&READER), "GET", MANIFEST).status, 200, "{}", gated.logs());
    let came = gated.accesses_until(MANIFEST).split_off(before);
    assert_eq!(came.len(), 1, "{came:#?}");
}

/// A ban reaches its client as it is, and holds for the client's address. `says_client` names who that is: all clients of
/// the tests come from one machine.
pub(super) fn who_guesses_too_often_is_told_to_wait<F: Front>(says_client: &str) {
    let Some(gated) = Gated::<F>::start(Mode::Basic, &[]) else { return };
    gated.store("alice/app", "1");
    let ask = |address: &str, password: &str| {
        let proof = format!("Basic {}", STANDARD.encode(format!("{}:{password}", ALICE.name)));
        let fields = [("Authorization", proof.as_str()), (says_client, address)];
        gated.wire().ask("GET", "/v2/alice/app/manifests/1", &fields, b"")
    };
    let here = "203.0.113.9";
    assert_eq!(ask(here, ALICE.password).status, 200, "{}", gated.logs());
    // The same one again would be a client's second attempt, and count once.
    for guess in 1..=5 {
        assert_eq!(ask(here, &format!("guess {guess}")).status, 401);
    }
    let banned = ask(here, ALICE.password);
    assert_eq!(banned.status, 429, "{banned:?}\n{}", gated.logs());
    assert!(banned.header("Retry-After").is_some_and(|wait| wait.parse::<u32>().is_ok()), "{banned:?}");
    assert_eq!(banned.json()["errors"][0]["code"], "TOOMANYREQUESTS", "{banned:?}");
    assert_eq!(ask("198.51.100.7", ALICE.password).status, 200, "from elsewhere");
}
