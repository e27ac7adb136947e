//! nginx, by `auth_request`.

use std::fs;
use std::process::Command;

use super::site::Mode;
use super::{Front, Places, attacks, by_http2, large, put, sample, scenarios, tunnel};
use crate::components::{self, Component, NGINX};
use crate::harness::process::Process;

pub(super) struct Nginx;

impl Nginx {
    /// Who clients of the tests are to be: they all come from one machine.
    pub(super) const SAYS_CLIENT: &'static str = "X-Test-Client";
}

impl Front for Nginx {
    const NAME: &'static str = "nginx";
    const COMPONENTS: &'static [Component] = &[NGINX];
    const SERVES_TOKENS: bool = true;
    const IS_BLIND_TO_EMPTY_HEADERS: bool = true;

    fn start(places: &Places<'_>) -> (Process, u16) {
        let Places { dir, gate, registry, secret, certificate, key } = places;
        let place = dir.display().to_string();
        let secret = format!("proxy_set_header X-Dockgate-Secret \"{secret}\";\n");
        fs::write(dir.join("dockgate-secret.conf"), secret).unwrap();
        let [certificate, key] = [certificate, key].map(|file| file.display().to_string());
        // Debian's places for these are one for the machine.
        let temporary = format!(
            "http {{\naccess_log off;\nclient_body_temp_path {place}/body; proxy_temp_path {place}/proxy;\n\
             fastcgi_temp_path {place}/fastcgi; uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;\n\
             set_real_ip_from 127.0.0.1; real_ip_header {};",
            Self::SAYS_CLIENT
        );
        let written = [
            ("127.0.0.1:5001", gate.as_str()),
            ("127.0.0.1:5000", registry),
            ("/etc/nginx/tls/registry.crt", &certificate),
            ("/etc/nginx/tls/registry.key", &key),
            ("/etc/nginx/dockgate-secret.conf", &format!("{place}/dockgate-secret.conf")),
            ("http {", &temporary),
        ];
        let sample = written
            .iter()
            .fold(sample(Self::NAME, "nginx.conf"), |text, (written, instead)| put(&text, written, instead));
        let program = components::find(NGINX.program).unwrap();
        // The version is the first thing that it says once it listens.
        Process::listening("nginx/", |port| {
            let text = put(&sample, "listen 443 ", &format!("listen 127.0.0.1:{port} "));
            fs::write(dir.join("nginx.conf"), text).unwrap();
            let around =
                format!("daemon off; master_process off; error_log stderr notice; pid {place}/nginx.pid;");
            let mut command = Command::new(&program);
            command.args(["-e", "stderr", "-p", &place, "-g", &around, "-c"]).arg(dir.join("nginx.conf"));
            Process::start(&mut command, dir, "front")
        })
    }
}

scenarios::all!(Nginx);

#[test]
fn no_attack_reaches_the_registry_by_passwords() {
    attacks::none_reaches_the_registry::<Nginx>(Mode::Basic);
}

#[test]
fn no_attack_reaches_the_registry_by_tokens() {
    attacks::none_reaches_the_registry::<Nginx>(Mode::Bearer);
}

#[test]
fn no_attack_reaches_the_registry_by_http2() {
    by_http2::none_reaches_the_registry::<Nginx>();
}

/// Its files for bodies are gone as soon as they are made, but it says so when it makes one.
#[test]
fn a_large_layer_passes_as_it_comes() {
    large::passes_as_it_comes::<Nginx>(|gated| {
        let log = gated.front.log();
        assert!(!log.contains("temporary file"), "{log}");
        for place in ["body", "proxy"] {
            let left = fs::read_dir(gated.dir().join("front").join(place)).unwrap();
            assert_eq!(left.count(), 0, "{place}");
        }
    });
}

#[test]
fn nobody_gets_a_tunnel() {
    tunnel::nobody_gets_one::<Nginx>();
}
