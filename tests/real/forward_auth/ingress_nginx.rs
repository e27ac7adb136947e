//! Kubernetes' ingress-nginx. Neither it nor a cluster runs here: nginx runs with what the controller makes of the sample's
//! annotations, and Kubernetes' own types say whether the manifest is one.

use std::fs;
use std::process::Command;

use super::site::{Gated, Mode};
use super::{Front, Places, attacks, others, put, sample, scenarios, tunnel};
use crate::accounts::READER;
use crate::components::{self, Component, NGINX, STRICT_MANIFESTS};
use crate::harness::process::Process;
use crate::kubernetes;

/// What the controller makes of the sample.
const MADE: &str = include_str!("ingress_nginx.conf");

pub(super) struct IngressNginx;

impl Front for IngressNginx {
    const NAME: &'static str = "ingress-nginx";
    const COMPONENTS: &'static [Component] = &[NGINX];
    const SERVES_TOKENS: bool = true;
    const IS_BLIND_TO_EMPTY_HEADERS: bool = true;
    const OVERWRITES: &'static [&'static str] = &["X-Original-URL", "X-Envoy-Original-Method"];

    fn start(places: &Places<'_>) -> (Process, u16) {
        let Places { dir, gate, registry, secret, certificate, key } = places;
        let place = dir.display().to_string();
        let [certificate, key] = [certificate, key].map(|file| file.display().to_string());
        // Debian's places for these are one for the machine.
        let temporary = format!(
            "http {{\naccess_log off;\nclient_body_temp_path {place}/body; proxy_temp_path {place}/proxy;\n\
             fastcgi_temp_path {place}/fastcgi; uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;"
        );
        let written = [
            ("127.0.0.1:5001", gate.as_str()),
            ("127.0.0.1:5000", registry),
            ("SECRET", secret),
            ("/etc/ingress-controller/ssl/registry-tls.pem", &certificate),
            ("/etc/ingress-controller/ssl/registry-tls.key", &key),
            ("http {", &temporary),
        ];
        let made =
            written.iter().fold(MADE.to_owned(), |text, (written, instead)| put(&text, written, instead));
        let program = components::find(NGINX.program).unwrap();
        // The version is the first thing that it says once it listens.
        Process::listening("nginx/", |port| {
            let text = put(&made, "listen 443 ", &format!("listen 127.0.0.1:{port} "));
            // The controller knows its port.
            let text = put(&text, "X-Forwarded-Port          443", &format!("X-Forwarded-Port {port}"));
            fs::write(dir.join("nginx.conf"), text).unwrap();
            let around =
                format!("daemon off; master_process off; error_log stderr notice; pid {place}/nginx.pid;");
            let mut command = Command::new(&program);
            command.args(["-e", "stderr", "-p", &place, "-g", &around, "-c"]).arg(dir.join("nginx.conf"));
            Process::start(&mut command, dir, "front")
        })
    }
}

mod basic {
    use super::{IngressNginx, scenarios};
    scenarios::all!(IngressNginx, Basic, [skopeo Skopeo, podman Podman, crane Crane, docker Docker], works);
}

mod bearer {
    use super::{IngressNginx, scenarios};
    scenarios::all!(IngressNginx, Bearer, [skopeo Skopeo, podman Podman, crane Crane, docker Docker], works);
}

/// The words are nginx's own, in a page: what counts is the status, and the challenge.
#[test]
fn refuses() {
    for (mode, scheme) in [(Mode::Basic, "Basic "), (Mode::Bearer, "Bearer realm=")] {
        let Some(gated) = Gated::<IngressNginx>::start(mode, &[]) else { return };
        let manifest = "/v2/team/app/manifests/1";
        for (method, target) in [("GET", "/v2/"), ("GET", manifest), ("PUT", manifest)] {
            let stranger = gated.ask(None, method, target);
            let challenge = stranger.header("WWW-Authenticate").unwrap_or_default();
            assert_eq!((stranger.status, challenge.starts_with(scheme)), (401, true), "{stranger:?}");
        }
        // A token that is for less is asked to be one for more.
        let denied = if mode == Mode::Basic { 403 } else { 401 };
        for (method, target) in [("PUT", manifest), ("DELETE", manifest), ("GET", "/v2/_catalog")] {
            let reader = gated.ask(Some(&READER), method, target);
            assert_eq!(reader.status, denied, "{method} {target}: {reader:?}\n{}", gated.logs());
        }
        assert_eq!(gated.ask(Some(&READER), "GET", manifest).status, 404, "{}", gated.logs());
    }
}

#[test]
fn the_registry_is_told_who_came() {
    others::the_registry_is_told_who_came::<IngressNginx>();
}

#[test]
fn a_connection_stays_what_it_is() {
    others::a_connection_stays_what_it_is::<IngressNginx>();
}

#[test]
fn what_clients_say_in_its_name_counts_for_nothing() {
    others::what_clients_say_in_its_name_counts_for_nothing::<IngressNginx>();
}

#[test]
fn nobody_asks_the_gate_through_it() {
    others::nobody_asks_the_gate_through_it::<IngressNginx>();
}

#[test]
fn nobody_passes_without_a_gate() {
    others::nobody_passes_without_a_gate::<IngressNginx>(500);
}

#[test]
fn no_attack_reaches_the_registry_by_passwords() {
    attacks::none_reaches_the_registry::<IngressNginx>(Mode::Basic);
}

#[test]
fn no_attack_reaches_the_registry_by_tokens() {
    attacks::none_reaches_the_registry::<IngressNginx>(Mode::Bearer);
}

#[test]
fn kubernetes_takes_the_manifest() {
    if !components::installed(&[STRICT_MANIFESTS]) {
        return;
    }
    let kinds = kubernetes::decoded(&sample(IngressNginx::NAME, "ingress.yaml"));
    assert_eq!(kinds, ["ConfigMap", "Ingress", "Ingress", "NetworkPolicy"]);
}

/// What is run is what the annotations say.
#[test]
fn what_runs_is_made_of_the_annotations() {
    let manifest = sample(IngressNginx::NAME, "ingress.yaml");
    let table: [(&str, &str, &[&str]); 12] = [
        ("auth-url", ":5001/forward-auth", &["set $target \"http://127.0.0.1:5001/forward-auth\";"]),
        ("auth-proxy-set-headers", "registry/dockgate-secret", &["\"X-Dockgate-Secret\" \"SECRET\";"]),
        (
            "auth-response-headers",
            "X-Auth-User,X-Auth-Groups,Authorization,Forwarded",
            &[
                "'X-Auth-User' $authHeader0;",
                "'X-Auth-Groups' $authHeader1;",
                "'Authorization' $authHeader2;",
                "'Forwarded' $authHeader3;",
            ],
        ),
        ("connection-proxy-header", "keep-alive", &["Connection                keep-alive;"]),
        ("proxy-body-size", "0", &["client_max_body_size 0;"]),
        ("client-body-buffer-size", "512k", &["client_body_buffer_size    512k;"]),
        ("proxy-request-buffering", "off", &["proxy_request_buffering off;"]),
        ("proxy-buffering", "off", &["proxy_buffering         off;"]),
        ("proxy-read-timeout", "900", &["proxy_read_timeout      900s;"]),
        ("proxy-send-timeout", "900", &["proxy_send_timeout      900s;"]),
        ("proxy-next-upstream", "off", &["proxy_next_upstream     off;"]),
        ("force-ssl-redirect", "true", &["listen 443 ssl"]),
    ];
    let (registry, _) = manifest.split_once("kind: Ingress\nmetadata:\n  name: tokens").unwrap();
    let written = registry.matches("nginx.ingress.kubernetes.io/").count();
    assert_eq!(written, table.len(), "one is in the manifest and not here:\n{registry}");
    assert!(manifest.contains("  X-Envoy-Original-Method: \"$http_upgrade\"\n"), "{manifest}");
    assert!(MADE.contains("\"X-Envoy-Original-Method\" \"$http_upgrade\";"), "as the ConfigMap has it");
    for (annotation, value, lines) in table {
        let said = format!("nginx.ingress.kubernetes.io/{annotation}: \"");
        let (_, rest) = registry.split_once(&said).unwrap_or_else(|| panic!("no {annotation}"));
        let (said, _) = rest.split_once('"').unwrap();
        assert!(said.ends_with(value), "{annotation}: {said}");
        for line in lines {
            assert!(MADE.contains(line), "{annotation} makes {line:?}");
        }
    }
}

#[test]
fn the_gate_takes_its_file() {
    others::the_gate_takes_its_file::<IngressNginx>();
}

#[test]
fn nobody_gets_a_tunnel() {
    tunnel::nobody_gets_one::<IngressNginx>();
}
