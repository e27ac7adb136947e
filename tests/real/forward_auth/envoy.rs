//! Envoy, by `ext_authz` over HTTP.

use std::fs;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use super::site::{Gated, Mode};
use super::{Front, Places, attacks, large, others, put, sample, scenarios, tunnel};
use crate::accounts::ADMIN;
use crate::components::{self, Component, ENVOY};
use crate::harness::poll;
use crate::harness::process::Process;

const LISTENS_WITHIN: Duration = Duration::from_secs(20);

pub(super) struct Envoy;

impl Front for Envoy {
    const NAME: &'static str = "envoy";
    const COMPONENTS: &'static [Component] = &[ENVOY];
    const SERVES_TOKENS: bool = true;
    /// It takes this away from whoever sends it.
    const OVERWRITES: &'static [&'static str] = &["X-Envoy-Original-Path"];
    const MOST_RESIDENT: u64 = 192 * 1024;

    fn start(places: &Places<'_>) -> (Process, u16) {
        let Places { dir, gate, registry, secret, certificate, key } = places;
        let [certificate, key] = [certificate, key].map(|file| file.display().to_string());
        let [gate, registry] = [gate, registry].map(|at| at.rsplit_once(':').unwrap().1);
        let written = [
            ("port_value: 5001", format!("port_value: {gate}")),
            ("port_value: 5000", format!("port_value: {registry}")),
            ("/etc/envoy/tls/registry.crt", certificate),
            ("/etc/envoy/tls/registry.key", key),
        ];
        let sample = written
            .iter()
            .fold(sample(Self::NAME, "envoy.yaml"), |text, (written, instead)| put(&text, written, instead));
        let program = components::find(ENVOY.program).unwrap();
        let (front, port) = Process::listening("starting main dispatch loop", |port| {
            let listener = format!("{{address: 127.0.0.1, port_value: {port}}}");
            let text = put(&sample, "{address: 0.0.0.0, port_value: 443}", &listener);
            fs::write(dir.join("envoy.yaml"), text).unwrap();
            // The harness clears the environment of what it starts.
            let mut command = Command::new("env");
            command.arg(format!("DOCKGATE_SECRET={secret}")).arg(&program);
            // Several may run side by side on a machine, and none of them has much to do.
            command.args(["-c", "envoy.yaml", "--use-dynamic-base-id", "--concurrency", "1"]);
            Process::start(&mut command, dir, "front")
        });
        // Its workers listen a moment after it says so.
        let listens = poll(LISTENS_WITHIN, || TcpStream::connect(("127.0.0.1", port)).ok());
        drop(listens.unwrap_or_else(|| panic!("nobody listens:\n{}", front.log())));
        (front, port)
    }
}

scenarios::all!(Envoy);

#[test]
fn the_registry_is_told_who_came() {
    others::the_registry_is_told_who_came::<Envoy>();
}

#[test]
fn a_connection_stays_what_it_is() {
    others::a_connection_stays_what_it_is::<Envoy>();
}

#[test]
fn what_clients_say_in_its_name_counts_for_nothing() {
    others::what_clients_say_in_its_name_counts_for_nothing::<Envoy>();
}

#[test]
fn nobody_asks_the_gate_through_it() {
    others::nobody_asks_the_gate_through_it::<Envoy>();
}

#[test]
fn nobody_passes_without_a_gate() {
    others::nobody_passes_without_a_gate::<Envoy>(503);
}

#[test]
fn the_gate_says_that_it_cannot_decide() {
    others::the_gate_says_that_it_cannot_decide::<Envoy>();
}

#[test]
fn no_attack_reaches_the_registry_by_passwords() {
    attacks::none_reaches_the_registry::<Envoy>(Mode::Basic);
}

#[test]
fn no_attack_reaches_the_registry_by_tokens() {
    attacks::none_reaches_the_registry::<Envoy>(Mode::Bearer);
}

#[test]
fn a_large_layer_passes_as_it_comes() {
    large::passes_as_it_comes::<Envoy>(|_| {});
}

#[test]
fn the_gate_takes_its_file() {
    others::the_gate_takes_its_file::<Envoy>();
}

/// The gate never sees one.
#[test]
fn it_refuses_fragments_itself() {
    let Some(gated) = Gated::<Envoy>::start(Mode::Basic, &[]) else { return };
    assert_eq!(gated.ask(Some(&ADMIN), "GET", "/v2/team/app/tags/list#more").status, 400, "{}", gated.logs());
    assert_eq!(gated.counted("dockgate_gate_checks_total"), 0, "{}", gated.logs());
}

#[test]
fn nobody_gets_a_tunnel() {
    tunnel::nobody_gets_one::<Envoy>();
}
