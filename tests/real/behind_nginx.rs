//! nginx in front, over TCP and over a unix socket: rules see the client, and nobody chooses their own address.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use tempfile::TempDir;

use crate::accounts::ALICE;
use crate::components::{self, NGINX};
use crate::dockgate;
use crate::harness::process::Process;
use crate::keys::{Key, KeyFiles};

/// What reaches the server: the address of nginx's own client, or the one that a proxy before nginx names.
const CLIENT: &str = "203.0.113.9";

struct Site {
    nginx: Process,
    server: Process,
    front: u16,
    _dir: TempDir,
}

impl Site {
    /// `listen` says where the server listens, and `upstream` where nginx finds it; `{dir}` and `{port}` are filled in.
    /// nginx takes its client for who `X-Test-Client` says: all clients of a test come from one machine.
    fn start(listen: &str, upstream: &str, server_keys: &str) -> Option<Self> {
        if !components::installed(&[NGINX]) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
        let place = dir.path().display().to_string();
        let KeyFiles { certificate, key, .. } = Key::EcP256.write(dir.path());
        let [certificate, key] = [certificate, key].map(|file| file.display().to_string());
        let filled =
            |text: &str, port: u16| text.replace("{dir}", &place).replace("{port}", &port.to_string());
        let (server, port) = Process::listening("listening", |port| {
            let config = format!(
                "server:\n  {}\n  {server_keys}\n\
                 token: {{issuer: a, expiration: 900, certificate: \"{certificate}\", key: \"{key}\"}}\n\
                 users: {{{}: {{password: \"{}\"}}}}\n\
                 acl:\n\
                 - {{match: {{ip: 127.0.0.0/8}}, actions: [push]}}\n\
                 - {{match: {{ip: {CLIENT}}}, actions: [pull]}}\n",
                filled(listen, port),
                ALICE.name,
                ALICE.hash,
            );
            fs::write(dir.path().join("auth.yml"), config).unwrap();
            Process::start(Command::new(dockgate::PROGRAM).arg("auth.yml"), dir.path(), "dockgate")
        });
        let (nginx, front) = nginx(dir.path(), &filled(upstream, port));
        Some(Self { nginx, server, front, _dir: dir })
    }

    /// Asks nginx, as a client at an address, with further header lines.
    fn ask(&self, client: &str, lines: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.front)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let basic = STANDARD.encode(format!("{}:{}", ALICE.name, ALICE.password));
        write!(
            stream,
            "GET /auth?service=s&scope=repository:a:pull,push HTTP/1.0\r\nHost: x\r\nX-Test-Client: {client}\r\n\
             Authorization: Basic {basic}\r\n{lines}\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    #[track_caller]
    fn granted(&self, client: &str, lines: &str) -> String {
        let (status, body) = self.ask(client, lines);
        assert_eq!(status, 200, "{body}\n{}\n{}", self.server.log(), self.nginx.log());
        let token: Value = serde_json::from_str(&body).unwrap();
        let claims = token["token"].as_str().unwrap().split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let actions = claims["access"][0]["actions"].as_array().cloned().unwrap_or_default();
        actions.iter().map(|action| action.as_str().unwrap()).collect::<Vec<_>>().join(",")
    }
}

/// A front that adds its client to `X-Forwarded-For`, as everybody writes it.
fn nginx(dir: &Path, upstream: &str) -> (Process, u16) {
    let place = dir.display().to_string();
    let program = components::find(NGINX.program).unwrap();
    // The version is the first thing that it says once it listens.
    Process::listening("nginx/", |front| {
        let config = format!(
            "daemon off;\nmaster_process off;\npid {place}/nginx.pid;\nerror_log stderr notice;\n\
             events {{}}\n\
             http {{\n\
               access_log off;\n\
               client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;\n\
               uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;\n\
               set_real_ip_from 127.0.0.1;\n\
               real_ip_header X-Test-Client;\n\
               server {{\n\
                 listen 127.0.0.1:{front};\n\
                 location / {{\n\
                   proxy_pass {upstream};\n\
                   proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
                   proxy_set_header X-Real-IP $remote_addr;\n\
                 }}\n\
               }}\n\
             }}\n"
        );
        fs::write(dir.join("nginx.conf"), config).unwrap();
        let mut command = Command::new(&program);
        command.args(["-e", "stderr", "-p", &place, "-c"]).arg(dir.join("nginx.conf"));
        Process::start(&mut command, dir, "nginx")
    })
}

fn rules_see_the_client(site: &Site) {
    assert_eq!(site.granted(CLIENT, ""), "pull");
    assert_eq!(site.granted("198.51.100.1", ""), "");
    for forged in ["127.0.0.1", CLIENT, "garbage", "127.0.0.1, 127.0.0.1", ""] {
        for line in [
            format!("X-Forwarded-For: {forged}\r\n"),
            format!("x-forwarded-for: {forged}\r\nX-Forwarded-For: {forged}\r\n"),
        ] {
            assert_eq!(site.granted("198.51.100.1", &line), "", "{line}");
        }
        // Whoever forges loses nothing that is theirs either.
        assert_eq!(site.granted(CLIENT, &format!("X-Forwarded-For: {forged}\r\n")), "pull", "{forged}");
    }
    // On the proxy's own machine an address means nothing.
    assert_eq!(site.ask("127.0.0.1", "").0, 400);
}

const TCP: (&str, &str) = ("addr: \"127.0.0.1:{port}\"", "http://127.0.0.1:{port}");
const UNIX: (&str, &str) =
    ("net: unix\n  addr: \"{dir}/s\"\n  socket: {mode: \"0660\"}", "http://unix:{dir}/s");

#[test]
fn over_tcp() {
    for keys in
        ["real_ip_header: X-Forwarded-For", "real_ip_header: X-Forwarded-For\n  trusted_proxies: [127.0.0.1]"]
    {
        let Some(site) = Site::start(TCP.0, TCP.1, keys) else { return };
        if keys.contains("trusted") {
            // There 127.0.0.1 is a proxy's address, and another client before it may stand left of it.
            assert_eq!(site.granted(CLIENT, ""), "pull");
            assert_eq!(site.granted("198.51.100.1", "X-Forwarded-For: 127.0.0.1\r\n"), "");
            assert_eq!(site.granted("198.51.100.1", &format!("X-Forwarded-For: {CLIENT}\r\n")), "");
        } else {
            rules_see_the_client(&site);
        }
    }
}

#[test]
fn over_a_unix_socket() {
    for keys in ["real_ip_header: X-Forwarded-For", "real_ip_header: X-Real-IP"] {
        let Some(site) = Site::start(UNIX.0, UNIX.1, keys) else { return };
        rules_see_the_client(&site);
    }
}

/// What happens without the keys: everybody is the proxy.
#[test]
fn without_a_header_everybody_is_the_proxy() {
    let Some(site) = Site::start(TCP.0, TCP.1, "hsts: false") else { return };
    assert_eq!(site.granted(CLIENT, ""), "push");
}
