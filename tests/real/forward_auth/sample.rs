//! The gate of `examples/forward-auth/nginx` with the nginx beside it, as both stand there.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::nginx::Nginx;
use super::site::{SECRET, localhost};
use super::wire::Wire;
use super::{Front as _, Places, put, sample};
use crate::accounts::{ALICE, READER};
use crate::components;
use crate::dockgate::{self, PROGRAM};
use crate::harness::process::Process;
use crate::registry::{self, VERSIONS};

#[test]
fn gate_and_proxy_work_together() {
    if !components::installed(&[components::REGISTRY, components::NGINX]) {
        return;
    }
    let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
    let place = dir.path().display().to_string();
    dockgate::run(dir.path(), &["keys", "init", "keys"]).succeeds();
    fs::write(dir.path().join("secret"), SECRET).unwrap();
    let hashes = [
        ("$2y$10$duZ/rqdNRxrACE8tgA1Az.4IC7QSrcfg539LH4QeFn4uq7l0LQYwi", ALICE.hash),
        ("$2y$10$b2Icx3ab2ugx5JW7wdEN.O.ZoO4CjSw5BAi/R/m9OrhWk3KCIgPDq", READER.hash),
        ("/etc/dockgate/keys", &format!("{place}/keys")),
        ("/etc/dockgate/forward-auth-secret", &format!("{place}/secret")),
    ];
    let text = hashes
        .iter()
        .fold(sample(Nginx::NAME, "dockgate.yml"), |text, (written, instead)| put(&text, written, instead));
    let (gate, gate_port) = Process::listening("listening", |port| {
        let text = put(&text, "127.0.0.1:5001", &format!("127.0.0.1:{port}"));
        fs::write(dir.path().join("dockgate.yml"), text).unwrap();
        Process::start(Command::new(PROGRAM).arg("dockgate.yml"), dir.path(), "gate")
    });
    dockgate::run(dir.path(), &["check", "dockgate.yml"]).succeeds();

    let (_registry, registry_port) = registry::start_with(VERSIONS[0], dir.path(), "").unwrap();
    let (certificate, key) = localhost(dir.path());
    let front = dir.path().join("front");
    fs::create_dir(&front).unwrap();
    let (nginx, port) = Nginx::start(&Places {
        dir: &front,
        gate: format!("127.0.0.1:{gate_port}"),
        registry: format!("127.0.0.1:{registry_port}"),
        secret: SECRET,
        certificate: &certificate,
        key: &key,
    });
    let ask = |method: &str, target: &str, proof: Option<&str>| {
        let mut fields = vec![(Nginx::SAYS_CLIENT, "203.0.113.9")];
        fields.extend(proof.map(|proof| ("Authorization", proof)));
        Wire::connect(port, &certificate).ask(method, target, &fields, b"")
    };

    let begin = "/v2/team/app/blobs/uploads/";
    let refused = ask("POST", begin, None);
    let challenge = refused.header("WWW-Authenticate").unwrap();
    assert_eq!(
        challenge,
        "Bearer realm=\"https://registry.example.com/auth\",service=\"registry.example.com\",\
         scope=\"repository:team/app:pull,push\""
    );
    let token = |name: &str, password: &str| {
        let basic = STANDARD.encode(format!("{name}:{password}"));
        let target = "/auth?service=registry.example.com&scope=repository:team/app:pull,push";
        let answer = ask("GET", target, Some(&format!("Basic {basic}")));
        assert_eq!(answer.status, 200, "{answer:?}\n{}\n{}", gate.log(), nginx.log());
        format!("Bearer {}", answer.json()["token"].as_str().unwrap())
    };
    assert_eq!(ask("POST", begin, Some(&token(ALICE.name, ALICE.password))).status, 202);
    let reader = token(READER.name, READER.password);
    let denied = ask("POST", begin, Some(&reader));
    assert_eq!(denied.status, 401, "{denied:?}");
    assert!(
        denied.header("WWW-Authenticate").unwrap().contains("error=\"insufficient_scope\""),
        "{denied:?}"
    );
    assert_eq!(
        ask("GET", "/v2/team/app/tags/list", Some(&reader)).status,
        404,
        "there is none, and that is told"
    );
    // As long as nginx lets it pass, which the gate must read then: its 431 would be a 503 here, which clients try again.
    let ask_at_length = |lines: usize| {
        let names: Vec<String> = (0..lines).map(|place| format!("X-Long-{place}")).collect();
        let long = "x".repeat(10 * 1024);
        let mut fields: Vec<_> = names.iter().map(|name| (name.as_str(), long.as_str())).collect();
        fields.push((Nginx::SAYS_CLIENT, "203.0.113.9"));
        Wire::connect(port, &certificate).ask("GET", "/v2/", &fields, b"").status
    };
    assert_eq!([4, 8].map(ask_at_length), [401, 400], "{}\n{}", gate.log(), nginx.log());
    assert!(gate.log().contains("client=203.0.113.9"), "the gate sees who asks for tokens:\n{}", gate.log());
}
