//! Traefik, by `forwardAuth`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::site::Mode;
use super::{Front, Places, attacks, large, others, put, sample, scenarios, tunnel};
use crate::components::{self, CURL, Component, TRAEFIK};
use crate::harness::poll;
use crate::harness::process::Process;

const READY_WITHIN: Duration = Duration::from_secs(20);

pub(super) struct Traefik;

impl Front for Traefik {
    const NAME: &'static str = "traefik";
    const COMPONENTS: &'static [Component] = &[TRAEFIK, CURL];
    const SERVES_TOKENS: bool = true;
    const OVERWRITES: &'static [&'static str] = &["X-Forwarded-Uri", "X-Forwarded-Method"];
    const ANSWERS_ITSELF: &'static [&'static str] = &["*"];
    const CLEANS: &'static [&'static str] = &[
        "a step up into another registry",
        "a step up out of what is open",
        "a step up over a keyword",
        "a step nowhere",
        "an encoded step up",
        "an encoded step up in capitals",
        "half an encoded step up",
        "two slashes before",
        "two slashes behind the base",
        "two slashes in a name",
        "two slashes at the base",
        // A semicolon is an ampersand to it, in what it asks as in what it sends.
        "the source behind a semicolon",
    ];
    const MOST_RESIDENT: u64 = 256 * 1024;

    fn start(places: &Places<'_>) -> (Process, u16) {
        let Places { dir, gate, registry, secret, certificate, key } = places;
        let [certificate, key] = [certificate, key].map(|file| file.display().to_string());
        let routes = dir.join("dynamic.yml");
        let written = [
            ("127.0.0.1:5001", gate.as_str()),
            ("127.0.0.1:5000", registry),
            ("/etc/traefik/tls/registry.crt", &certificate),
            ("/etc/traefik/tls/registry.key", &key),
            // The tests' clients have other names for it.
            ("Host(`registry.example.com`) && ", ""),
        ];
        let text = written
            .iter()
            .fold(sample(Self::NAME, "dynamic.yml"), |text, (written, instead)| put(&text, written, instead));
        fs::write(&routes, text).unwrap();
        let routes = routes.display().to_string();
        let sample = put(&sample(Self::NAME, "traefik.yml"), "/etc/traefik/dynamic.yml", &routes);
        let program = components::find(TRAEFIK.program).unwrap();
        let (front, port) = Process::listening("Starting provider *file.Provider", |port| {
            let text = put(&sample, "address: \":443\"", &format!("address: \"127.0.0.1:{port}\""));
            fs::write(dir.join("traefik.yml"), text).unwrap();
            // The harness clears the environment of what it starts.
            let mut command = Command::new("env");
            command.arg(format!("DOCKGATE_SECRET={secret}")).arg(&program).arg("--configFile=traefik.yml");
            Process::start(&mut command, dir, "front")
        });
        let routed = poll(READY_WITHIN, || is_routed(port, places.certificate).then_some(()));
        routed.unwrap_or_else(|| panic!("no way to the gate:\n{}", front.log()));
        (front, port)
    }
}

/// It listens before it has routes, and says nothing of these: then the gate asks who comes.
fn is_routed(port: u16, certificate: &Path) -> bool {
    let mut command = Command::new(CURL.program);
    command.args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--cacert"]);
    let asked = command.arg(certificate).arg(format!("https://localhost:{port}/v2/")).output().unwrap();
    asked.stdout == b"401"
}

scenarios::all!(Traefik);

#[test]
fn the_registry_is_told_who_came() {
    others::the_registry_is_told_who_came::<Traefik>();
}

#[test]
fn a_connection_stays_what_it_is() {
    others::a_connection_stays_what_it_is::<Traefik>();
}

#[test]
fn what_clients_say_in_its_name_counts_for_nothing() {
    others::what_clients_say_in_its_name_counts_for_nothing::<Traefik>();
}

#[test]
fn nobody_asks_the_gate_through_it() {
    others::nobody_asks_the_gate_through_it::<Traefik>();
}

#[test]
fn nobody_passes_without_a_gate() {
    others::nobody_passes_without_a_gate::<Traefik>(500);
}

#[test]
fn the_gate_says_that_it_cannot_decide() {
    others::the_gate_says_that_it_cannot_decide::<Traefik>();
}

#[test]
fn no_attack_reaches_the_registry_by_passwords() {
    attacks::none_reaches_the_registry::<Traefik>(Mode::Basic);
}

#[test]
fn no_attack_reaches_the_registry_by_tokens() {
    attacks::none_reaches_the_registry::<Traefik>(Mode::Bearer);
}

#[test]
fn a_large_layer_passes_as_it_comes() {
    large::passes_as_it_comes::<Traefik>(|_| {});
}

#[test]
fn the_gate_takes_its_file() {
    others::the_gate_takes_its_file::<Traefik>();
}

#[test]
fn nobody_gets_a_tunnel() {
    tunnel::nobody_gets_one::<Traefik>();
}
