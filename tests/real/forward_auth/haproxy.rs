//! HAProxy, by the action of `gate.lua`.

use std::fs;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use super::site::{Gated, Mode};
use super::{Front, Places, attacks, by_http2, handed_on, large, put, sample, scenarios, tunnel};
use crate::accounts::ADMIN;
use crate::components::{self, Component, HAPROXY};
use crate::harness::process::{Process, free_port};
use crate::harness::{logs, poll};

const LISTENS_WITHIN: Duration = Duration::from_secs(20);
const PORT_RACES: usize = 5;
const SAYS_CLIENT: &str = "X-Test-Client";
/// The frontend's first rule.
const LISTENS: &str = "    http-request deny deny_status 400 unless { path_beg / }\n";

pub(super) struct Haproxy;

impl Front for Haproxy {
    const NAME: &'static str = "haproxy";
    const COMPONENTS: &'static [Component] = &[HAPROXY];
    const SERVES_TOKENS: bool = true;

    fn start(places: &Places<'_>) -> (Process, u16) {
        start(places, &sample(Self::NAME, "haproxy.cfg"), &sample(Self::NAME, "gate.lua"))
    }
}

/// With an error in Lua, behind what is asked for first.
struct Broken;

impl Front for Broken {
    const NAME: &'static str = Haproxy::NAME;
    const COMPONENTS: &'static [Component] = Haproxy::COMPONENTS;

    fn start(places: &Places<'_>) -> (Process, u16) {
        let action = "  local headers = question(txn)\n";
        let fails = format!("{action}  error(\"broken\")\n");
        let lua = put(&sample(Self::NAME, "gate.lua"), action, &fails);
        start(places, &sample(Self::NAME, "haproxy.cfg"), &lua)
    }
}

/// With something else in the gate's place: the registry, which is content with everybody.
struct Misled;

impl Front for Misled {
    const NAME: &'static str = Haproxy::NAME;
    const COMPONENTS: &'static [Component] = Haproxy::COMPONENTS;

    fn start(places: &Places<'_>) -> (Process, u16) {
        let Places { dir, registry, secret, certificate, key, .. } = places;
        let (gate, registry) = (registry.clone(), registry.clone());
        let misled = Places { dir, gate, registry, secret, certificate, key };
        let asks = "abns@dockgate-gate /forward-auth";
        let config = put(&sample(Self::NAME, "haproxy.cfg"), asks, "abns@dockgate-gate /v2/");
        start(&misled, &config, &sample(Self::NAME, "gate.lua"))
    }
}

fn start(places: &Places<'_>, config: &str, lua: &str) -> (Process, u16) {
    let Places { dir, gate, registry, secret, certificate, key } = places;
    let place = |name: &str| dir.join(name).display().to_string();
    let pair = [certificate, key].map(|file| fs::read_to_string(file).unwrap()).concat();
    fs::write(dir.join("registry.pem"), pair).unwrap();
    fs::write(dir.join("gate.lua"), lua).unwrap();
    fs::write(dir.join("secret"), secret).unwrap();
    // Who clients of the tests are to be: they all come from one machine.
    let says = format!(
        "    http-request set-src hdr({SAYS_CLIENT}) if {{ req.hdr({SAYS_CLIENT}) -m found }}\n{LISTENS}"
    );
    let written = [
        ("127.0.0.1:5001", gate.as_str()),
        ("127.0.0.1:5000", registry),
        ("/etc/haproxy/registry.pem", &place("registry.pem")),
        ("/etc/haproxy/gate.lua", &place("gate.lua")),
        (LISTENS, &says),
    ];
    let config =
        written.iter().fold(config.to_owned(), |text, (written, instead)| put(&text, written, instead));
    let program = components::find(HAPROXY.program).unwrap();
    // It says nothing when it listens, so a client finds out.
    for _ in 0..PORT_RACES {
        let port = free_port();
        let text = put(&config, "bind :443 ", &format!("bind 127.0.0.1:{port} "));
        // The name is one for the machine.
        let text = put(&text, "abns@dockgate-gate", &format!("abns@dockgate-gate-{port}"));
        fs::write(dir.join("haproxy.cfg"), text).unwrap();
        let mut command = Command::new("env");
        command.arg(format!("DOCKGATE_SECRET_FILE={}", place("secret")));
        command.arg(&program).args(["-db", "-f", "haproxy.cfg"]);
        let mut process = Process::start(&mut command, dir, "front");
        let listens = poll(LISTENS_WITHIN, || {
            (TcpStream::connect(("127.0.0.1", port)).is_ok() || !process.is_running()).then_some(())
        });
        if listens.is_some() && process.is_running() {
            return (process, port);
        }
    }
    panic!("haproxy does not listen:\n{}", logs::read(&dir.join("front.log")));
}

scenarios::all!(Haproxy);

#[test]
fn no_attack_reaches_the_registry_by_passwords() {
    attacks::none_reaches_the_registry::<Haproxy>(Mode::Basic);
}

#[test]
fn no_attack_reaches_the_registry_by_tokens() {
    attacks::none_reaches_the_registry::<Haproxy>(Mode::Bearer);
}

#[test]
fn no_attack_reaches_the_registry_by_http2() {
    by_http2::none_reaches_the_registry::<Haproxy>();
}

#[test]
fn a_large_layer_passes_as_it_comes() {
    large::passes_as_it_comes::<Haproxy>(|_| {});
}

#[test]
fn the_registry_is_told_who_came() {
    handed_on::the_registry_is_told_who_came::<Haproxy>();
}

#[test]
fn what_clients_say_in_its_name_counts_for_nothing() {
    handed_on::what_clients_say_in_its_name_counts_for_nothing::<Haproxy>();
}

#[test]
fn nobody_passes_without_a_gate() {
    handed_on::nobody_passes_without_a_gate::<Haproxy>();
}

#[test]
fn who_guesses_too_often_is_told_to_wait() {
    handed_on::who_guesses_too_often_is_told_to_wait::<Haproxy>(SAYS_CLIENT);
}

/// HAProxy goes on with its rules when Lua fails.
#[test]
fn nobody_passes_while_lua_fails() {
    let Some(gated) = Gated::<Broken>::start(Mode::Basic, &[]) else { return };
    let before = gated.store("team/app", "1");
    handed_on::unavailable(&gated.ask(Some(&ADMIN), "GET", "/v2/team/app/manifests/1"));
    assert!(gated.front.log().contains("broken"), "{}", gated.logs());
    assert_eq!(gated.accesses().len(), before, "{:#?}", gated.accesses());
}

/// A 200 that is not the gate's lets nobody pass.
#[test]
fn nobody_passes_when_something_else_answers() {
    let Some(gated) = Gated::<Misled>::start(Mode::Basic, &[]) else { return };
    let before = gated.store("team/app", "1");
    handed_on::unavailable(&gated.ask(Some(&ADMIN), "DELETE", "/v2/team/app/manifests/1"));
    let asked = gated.accesses_until("/v2/").split_off(before);
    assert!(asked.iter().all(|access| access.target == "/v2/"), "{asked:#?}");
}

/// Its client writes more lines than it has room for.
#[test]
fn a_question_is_never_longer_than_haproxy_can_bear() {
    let Some(gated) = Gated::<Haproxy>::start(Mode::Basic, &[]) else { return };
    let proof = gated.proof(&ADMIN, "GET", "/v2/");
    let ask = |count: usize| {
        let names: Vec<String> = (0..count).map(|place| format!("X-Line-{place}")).collect();
        let mut fields: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
        fields.push(("Authorization", &proof));
        gated.wire().ask("GET", "/v2/", &fields, b"")
    };
    assert_eq!(ask(60).status, 200, "{}", gated.logs());
    assert_eq!(ask(90).status, 431, "{}", gated.logs());
}

#[test]
fn nobody_gets_a_tunnel() {
    tunnel::nobody_gets_one::<Haproxy>();
}
