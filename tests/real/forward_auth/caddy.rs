//! Caddy, by `forward_auth`.

use std::fs;
use std::process::Command;
use std::time::Duration;

use super::site::{Gated, Mode, SECRET};
use super::{Front, Places, attacks, by_http2, handed_on, large, put, sample, scenarios, tunnel};
use crate::accounts::ADMIN;
use crate::components::{self, CADDY, Component};
use crate::harness::poll;
use crate::harness::process::Process;

const KEPT_WITHIN: Duration = Duration::from_secs(10);

pub(super) struct Caddy;

impl Front for Caddy {
    const NAME: &'static str = "caddy";
    const COMPONENTS: &'static [Component] = &[CADDY];
    const SERVES_TOKENS: bool = true;
    const OVERWRITES: &'static [&'static str] = &["X-Forwarded-Method", "X-Forwarded-Uri"];
    const ANSWERS_ITSELF: &'static [&'static str] = &["*"];

    fn start(places: &Places<'_>) -> (Process, u16) {
        start(places, &sample(Self::NAME, "Caddyfile"))
    }
}

/// Behind a balancer, which says who the client is.
struct Balanced;

impl Front for Balanced {
    const NAME: &'static str = Caddy::NAME;
    const COMPONENTS: &'static [Component] = Caddy::COMPONENTS;

    fn start(places: &Places<'_>) -> (Process, u16) {
        let asks = "\t\t\turi /forward-auth?\n";
        let trusts = format!("{asks}\t\t\ttrusted_proxies 127.0.0.1/32\n");
        start(places, &put(&sample(Self::NAME, "Caddyfile"), asks, &trusts))
    }
}

fn start(places: &Places<'_>, sample: &str) -> (Process, u16) {
    let Places { dir, gate, registry, secret, certificate, key } = places;
    let written = [
        ("127.0.0.1:5001", gate.as_str()),
        ("127.0.0.1:5000", registry),
        // Nobody else's certificates, and no door that is one for the machine.
        ("{\n\tservers {\n", "{\n\tadmin off\n\tauto_https off\n\tservers {\n\t\tprotocols h1 h2\n"),
    ];
    let sample =
        written.iter().fold(sample.to_owned(), |text, (written, instead)| put(&text, written, instead));
    let program = components::find(CADDY.program).unwrap();
    Process::listening("serving initial configuration", |port| {
        // For every name: the clients of the tests call it by its address.
        let site = format!(
            "\nhttps://:{port} {{\n\tbind 127.0.0.1\n\ttls {} {}\n",
            certificate.display(),
            key.display()
        );
        fs::write(dir.join("Caddyfile"), put(&sample, "\nregistry.example.com {\n", &site)).unwrap();
        // It keeps what it knows of certificates somewhere.
        let mut command = Command::new("env");
        command.arg(format!("HOME={}", dir.display())).arg(format!("DOCKGATE_SECRET={secret}"));
        command.arg(&program).args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"]);
        Process::start(&mut command, dir, "front")
    })
}

scenarios::all!(Caddy);

#[test]
fn no_attack_reaches_the_registry_by_passwords() {
    attacks::none_reaches_the_registry::<Caddy>(Mode::Basic);
}

#[test]
fn no_attack_reaches_the_registry_by_tokens() {
    attacks::none_reaches_the_registry::<Caddy>(Mode::Bearer);
}

#[test]
fn no_attack_reaches_the_registry_by_http2() {
    by_http2::none_reaches_the_registry::<Caddy>();
}

#[test]
fn a_large_layer_passes_as_it_comes() {
    large::passes_as_it_comes::<Caddy>(|_| {});
}

#[test]
fn the_registry_is_told_who_came() {
    handed_on::the_registry_is_told_who_came::<Caddy>();
}

#[test]
fn what_clients_say_in_its_name_counts_for_nothing() {
    handed_on::what_clients_say_in_its_name_counts_for_nothing::<Caddy>();
}

#[test]
fn nobody_passes_without_a_gate() {
    handed_on::nobody_passes_without_a_gate::<Caddy>();
}

#[test]
fn who_guesses_too_often_is_told_to_wait() {
    handed_on::who_guesses_too_often_is_told_to_wait::<Balanced>("X-Forwarded-For");
}

/// Caddy writes down what it was started with.
#[test]
fn the_secret_stays_in_the_environment() {
    let Some(gated) = Gated::<Caddy>::start(Mode::Basic, &[]) else { return };
    let kept = gated.front.log_file().with_file_name(".config/caddy/autosave.json");
    let kept = poll(KEPT_WITHIN, || fs::read_to_string(&kept).ok().filter(|kept| kept.ends_with('}')));
    let kept = kept.unwrap_or_else(|| panic!("{}", gated.logs()));
    assert!(kept.contains("env.DOCKGATE_SECRET") && !kept.contains(SECRET), "{kept}");
    assert_eq!(gated.ask(Some(&ADMIN), "GET", "/v2/").status, 200, "{}", gated.logs());
}

#[test]
fn nobody_gets_a_tunnel() {
    tunnel::nobody_gets_one::<Caddy>();
}
