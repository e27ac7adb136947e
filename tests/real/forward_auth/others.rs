//! What every proxy of another make than nginx has to do as well, each in its own way.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::site::{Gated, Mode, SECRET};
use super::{Front, sample};
use crate::accounts::{self, ADMIN, ALICE, READER};
use crate::dockgate;
use crate::harness::process::free_port;

const READ: &str = "/v2/team/app/manifests/1";

/// A server in the registry's place, which says yes and remembers the heads of all requests.
struct Listener {
    place: String,
    heads: Arc<Mutex<Vec<Vec<String>>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let (heads, is_over) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (told, over) = (Arc::clone(&heads), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                Self::answer(stream.unwrap(), &told);
            }
        });
        Self { place, heads, is_over, thread: Some(thread) }
    }

    fn answer(mut stream: TcpStream, heads: &Mutex<Vec<Vec<String>>>) {
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        if !head.is_empty() {
            heads.lock().unwrap().push(head);
        }
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    }

    fn heads(&self) -> Vec<Vec<String>> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&self.place));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn values<'a>(head: &'a [String], name: &str) -> Vec<&'a str> {
    let fields = head.iter().filter_map(|line| line.split_once(':'));
    fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
}

/// Who came, in place of what the client says of itself, and nothing that proves it.
pub(super) fn the_registry_is_told_who_came<F: Front>() {
    for mode in [Mode::Basic, Mode::Bearer] {
        let registry = Listener::start();
        let place = Some(registry.place.clone());
        let Some(gated) = Gated::<F>::before(mode, &[], &accounts::users_and_acl(), place) else { return };
        let target = "/v2/alice/app/tags/list?n=1";
        let proof = gated.proof(&ALICE, "GET", target);
        let fields = [
            ("Authorization", proof.as_str()),
            ("X-Forwarded-For", "198.51.100.77"),
            ("X-Dockgate-Secret", "a guess"),
            ("Forwarded", "host=evil.example"),
        ];
        let answer = gated.wire().ask("GET", target, &fields, b"");
        assert_eq!(answer.status, 200, "{answer:?}\n{}", gated.logs());
        let heads = registry.heads();
        let [head] = heads.as_slice() else { panic!("{heads:#?}") };
        assert!(head[0].starts_with(&format!("GET {target} HTTP/1.")), "{head:#?}");
        assert_eq!(values(head, "X-Auth-User"), ["alice"], "{head:#?}");
        assert!(values(head, "X-Auth-Groups").iter().all(|groups| groups.is_empty()), "{head:#?}");
        assert_eq!(values(head, "X-Forwarded-Proto"), ["https"], "{head:#?}");
        assert_eq!(values(head, "Host"), ["registry.example.com"], "{head:#?}");
        let clients = values(head, "X-Forwarded-For");
        assert!(clients.len() == 1 && !clients[0].contains("198.51.100.77"), "{head:#?}");
        for name in ["Authorization", "Forwarded"] {
            assert!(values(head, name).is_empty(), "{head:#?}");
        }
        assert!(!head.iter().any(|line| line.contains(SECRET)), "{head:#?}");
    }
}

/// One question is about one request: what would make more of a connection does not pass.
pub(super) fn a_connection_stays_what_it_is<F: Front>() {
    let registry = Listener::start();
    let place = Some(registry.place.clone());
    let Some(gated) = Gated::<F>::before(Mode::Basic, &[], &accounts::users_and_acl(), place) else { return };
    let target = "/v2/alice/app/tags/list";
    let proof = gated.proof(&ALICE, "GET", target);
    for (protocol, more) in [
        ("h2c", "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
        (
            "websocket",
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
        ),
        ("anything", "Connection: close, Upgrade\r\n"),
    ] {
        let mut wire = gated.wire();
        wire.send(
            format!(
                "GET {target} HTTP/1.1\r\nHost: registry.example.com\r\nAuthorization: {proof}\r\n\
                 Upgrade: {protocol}\r\n{more}\r\nGET /v2/ HTTP/1.1\r\nHost: registry.example.com\r\n\
                 Connection: close\r\n\r\n"
            )
            .as_bytes(),
        );
        let answer = wire.everything();
        assert!(answer.starts_with("HTTP/1.1 ") && !answer.starts_with("HTTP/1.1 101"), "{answer}");
    }
    for head in registry.heads() {
        let connection = values(&head, "Connection").join(",").to_lowercase();
        assert!(!connection.contains("upgrade"), "{head:#?}");
    }
}

/// Whoever knows the secret gets no further by it, and nobody becomes somebody else.
pub(super) fn what_clients_say_in_its_name_counts_for_nothing<F: Front>() {
    let Some(gated) = Gated::<F>::start(Mode::Basic, &[]) else { return };
    let before = gated.store("team/app", "1");
    let reader = gated.proof(&READER, "GET", "/v2/");
    let forged: [&[(&str, &str)]; 9] = [
        &[("X-Forwarded-Method", "GET")],
        &[("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", READ), ("X-Dockgate-Secret", SECRET)],
        &[("X-Original-Method", "GET"), ("X-Original-URI", READ), ("X-Dockgate-Secret", SECRET)],
        &[("X-Original-URL", "https://registry.example.com/v2/team/app/manifests/1")],
        &[("X-Auth-User", "admin")],
        &[("x_auth_user", "admin")],
        &[("X.Auth.User", "admin")],
        &[("X-HTTP-Method-Override", "GET")],
        &[("Connection", "X-Forwarded-Method, X-Original-Method, X-Dockgate-Secret, X-Auth-User")],
    ];
    for fields in forged {
        let fields = [&[("Authorization", reader.as_str())], fields].concat();
        for (method, target) in [("DELETE", READ), ("PUT", READ), ("GET", "/v2/_catalog")] {
            let answer = gated.wire().ask(method, target, &fields, b"");
            assert!([400, 403].contains(&answer.status), "{method} {fields:?}: {answer:?}\n{}", gated.logs());
        }
    }
    assert_eq!(gated.ask(Some(&READER), "GET", READ).status, 200, "{}", gated.logs());
    let came = gated.accesses_until(READ).split_off(before);
    assert_eq!(came.len(), 1, "{came:#?}");
}

/// Nothing of the gate's server is there but tokens.
pub(super) fn nobody_asks_the_gate_through_it<F: Front>() {
    let Some(gated) = Gated::<F>::start(Mode::Bearer, &[]) else { return };
    let fields = [
        ("X-Dockgate-Secret", SECRET),
        ("X-Original-Method", "GET"),
        ("X-Original-URI", "/v2/public/hello/manifests/1"),
        ("X-Forwarded-For", "203.0.113.9"),
    ];
    for target in
        ["/forward-auth", "/forward-auth/v2/", "/auth/", "/auth/x", "/metrics", "/healthz", "/", "/v1/_ping"]
    {
        let answer = gated.wire().ask("GET", target, &fields, b"");
        assert_eq!(answer.status, 404, "{target}: {answer:?}");
    }
    for target in ["/v2/../forward-auth", "/auth/../forward-auth", "/auth/%2e%2e/metrics"] {
        let answer = gated.wire().ask("GET", target, &fields, b"");
        assert!([400, 403, 404].contains(&answer.status), "{target}: {answer:?}");
    }
    let tokens = gated.wire().ask("GET", "/auth?service=a", &[], b"");
    assert!(tokens.json()["token"].is_string(), "{tokens:?}");
}

/// With what its clients are told then.
pub(super) fn nobody_passes_without_a_gate<F: Front>(status: u16) {
    let Some(mut gated) = Gated::<F>::start(Mode::Basic, &[]) else { return };
    let before = gated.store("team/app", "1");
    assert_eq!(gated.ask(Some(&ADMIN), "GET", READ).status, 200, "{}", gated.logs());
    gated.gate.terminate();
    for account in [Some(&ADMIN), None] {
        for method in ["GET", "DELETE"] {
            let answer = gated.ask(account, method, READ);
            assert_eq!(answer.status, status, "{answer:?}\n{}", gated.logs());
        }
    }
    let came = gated.accesses_until(READ).split_off(before);
    assert_eq!(came.len(), 1, "{came:#?}");
}

/// Who vouches for logins is away: the gate's own words reach the client.
pub(super) fn the_gate_says_that_it_cannot_decide<F: Front>() {
    let sections = format!(
        "authn: [{{http_auth: {{url: \"http://127.0.0.1:{}/\"}}}}]\nacl: [{{match: {{}}, actions: [\"*\"]}}]\n",
        free_port()
    );
    let Some(gated) = Gated::<F>::with(Mode::Basic, &[], &sections) else { return };
    let answer = gated.ask(Some(&ADMIN), "GET", READ);
    assert_eq!(answer.status, 503, "{answer:?}\n{}", gated.logs());
    assert!(answer.header("Retry-After").is_some(), "{answer:?}");
    assert_eq!(answer.header("Docker-Distribution-Api-Version"), Some("registry/2.0"), "{answer:?}");
    assert_eq!(answer.json()["errors"][0]["code"], "UNAVAILABLE", "{answer:?}");
}

/// The gate's file beside the proxy's.
pub(super) fn the_gate_takes_its_file<F: Front>() {
    let text = sample(F::NAME, "dockgate.yml");
    assert!(text.contains(&format!("preset: {}\n", F::NAME)), "{text}");
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("dockgate.yml"), text).unwrap();
    let checked = dockgate::run(dir.path(), &["check", "--offline", "dockgate.yml"]).succeeds();
    assert!(checked.stdout.contains("0 warning(s)"), "{checked}");
}
