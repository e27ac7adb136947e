//! haproxy and nginx in front, which say with a PROXY header who came: rules see the client.
//!
//! All clients of a test come from one machine. So each says with such a header of its own who it is to be, and the proxy
//! is told to believe that.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use tempfile::TempDir;

use crate::accounts::ALICE;
use crate::components::{self, HAPROXY, NGINX, NGINX_STREAM};
use crate::dockgate;
use crate::harness::http::request;
use crate::harness::poll;
use crate::harness::process::Process;
use crate::keys::{Key, KeyFiles};

const CLIENT: &str = "203.0.113.9";
const CLIENT_V6: &str = "2001:db8::7";

/// A proxy, and how it sends its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Front {
    Haproxy(&'static str),
    Nginx,
}

const FRONTS: [Front; 4] = [
    Front::Haproxy("send-proxy"),
    Front::Haproxy("send-proxy-v2"),
    Front::Haproxy("send-proxy-v2 proxy-v2-options crc32c,unique-id"),
    Front::Nginx,
];

struct Site {
    proxy: Process,
    server: Process,
    front: u16,
    direct: u16,
    tls: bool,
    dir: TempDir,
}

impl Site {
    fn start(front: Front, tls: bool, server_keys: &str) -> Option<Self> {
        let needed: &[_] = if front == Front::Nginx { &[NGINX, NGINX_STREAM] } else { &[HAPROXY] };
        if !components::installed(needed) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
        let KeyFiles { certificate, key, .. } = Key::EcP256.write(dir.path());
        let [certificate, key] = [certificate, key].map(|file| file.display().to_string());
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(dir.path().join("tls.crt"), own.cert.pem()).unwrap();
        fs::write(dir.path().join("tls.key"), own.signing_key.serialize_pem()).unwrap();
        let pair = if tls { "certificate: tls.crt\n  key: tls.key\n  " } else { "" };
        let (server, direct) = Process::listening("listening", |port| {
            let config = format!(
                "server:\n  addr: \"127.0.0.1:{port}\"\n  {pair}{server_keys}\n\
                 log: {{level: debug}}\n\
                 token: {{issuer: a, expiration: 900, certificate: \"{certificate}\", key: \"{key}\"}}\n\
                 users: {{{}: {{password: \"{}\"}}}}\n\
                 acl:\n\
                 - {{match: {{ip: 127.0.0.0/8}}, actions: [push]}}\n\
                 - {{match: {{ip: {CLIENT}}}, actions: [pull]}}\n\
                 - {{match: {{ip: '{CLIENT_V6}'}}, actions: [delete]}}\n",
                ALICE.name, ALICE.hash,
            );
            fs::write(dir.path().join("auth.yml"), config).unwrap();
            Process::start(Command::new(dockgate::PROGRAM).arg("auth.yml"), dir.path(), "dockgate")
        });
        let (proxy, front) = match front {
            Front::Haproxy(how) => haproxy(dir.path(), direct, how),
            Front::Nginx => nginx(dir.path(), direct),
        };
        Some(Self { proxy, server, front, direct, tls, dir })
    }

    /// Asks as Alice, and answers what was granted; an error if the connection came to nothing.
    fn ask(&self, port: u16, header: &str) -> Result<String, String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(header.as_bytes()).unwrap();
        let answer = if self.tls { exchange(self.over_tls(stream)) } else { exchange(stream) }?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("not HTTP")?;
        if !head.starts_with("HTTP/1.0 200") && !head.starts_with("HTTP/1.1 200") {
            return Err(head.to_owned());
        }
        let token: Value = serde_json::from_str(body).unwrap();
        let claims = token["token"].as_str().unwrap().split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let actions = claims["access"][0]["actions"].as_array().cloned().unwrap_or_default();
        Ok(actions.iter().map(|action| action.as_str().unwrap()).collect::<Vec<_>>().join(","))
    }

    fn over_tls(&self, stream: TcpStream) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.dir.path().join("tls.crt")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
    }

    /// Through the proxy, as a client at an address.
    #[track_caller]
    fn granted(&self, client: &str) -> String {
        let family = if client.contains(':') { ("TCP6", "::1") } else { ("TCP4", "127.0.0.1") };
        let header = format!("PROXY {} {client} {} 4711 {}\r\n", family.0, family.1, self.front);
        self.ask(self.front, &header)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.server.log(), self.proxy.log()))
    }
}

fn exchange(mut stream: impl Read + Write) -> Result<String, String> {
    let basic = STANDARD.encode(format!("{}:{}", ALICE.name, ALICE.password));
    let asked = write!(
        stream,
        "GET /auth?service=s&scope=repository:a:pull,push,delete HTTP/1.0\r\nHost: x\r\nAuthorization: Basic {basic}\r\n\r\n"
    );
    asked.and_then(|()| stream.flush()).map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    if answer.is_empty() {
        Err(format!("no answer: {read:?}"))
    } else {
        Ok(String::from_utf8(answer).unwrap())
    }
}

fn haproxy(dir: &Path, server: u16, how: &str) -> (Process, u16) {
    // It says nothing when it listens, so a client finds out.
    for _ in 0..5 {
        let front = crate::harness::process::free_port();
        let config = format!(
            "global\n  log stderr format raw local0\n\
             defaults\n  mode tcp\n  log global\n  timeout connect 5s\n  timeout client 20s\n  timeout server 20s\n\
             frontend f\n  bind 127.0.0.1:{front} accept-proxy\n  unique-id-format %{{+X}}o%ci\n  default_backend b\n\
             backend b\n  server s 127.0.0.1:{server} {how} check check-send-proxy inter 100ms\n"
        );
        fs::write(dir.join("haproxy.cfg"), config).unwrap();
        let mut command = Command::new(components::find(HAPROXY.program).unwrap());
        command.args(["-db", "-f"]).arg(dir.join("haproxy.cfg"));
        let mut process = Process::start(&mut command, dir, "haproxy");
        let listens = poll(Duration::from_secs(20), || {
            (TcpStream::connect(("127.0.0.1", front)).is_ok() || !process.is_running()).then_some(())
        });
        if listens.is_some() && process.is_running() {
            return (process, front);
        }
    }
    panic!("haproxy does not listen");
}

fn nginx(dir: &Path, server: u16) -> (Process, u16) {
    let place = dir.display().to_string();
    let program = components::find(NGINX.program).unwrap();
    Process::listening("nginx/", |front| {
        let config = format!(
            "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n\
             daemon off;\nmaster_process off;\npid {place}/nginx.pid;\nerror_log stderr notice;\n\
             events {{}}\n\
             stream {{\n\
               server {{\n\
                 listen 127.0.0.1:{front} proxy_protocol;\n\
                 set_real_ip_from 127.0.0.1;\n\
                 proxy_pass 127.0.0.1:{server};\n\
                 proxy_protocol on;\n\
               }}\n\
             }}\n"
        );
        fs::write(dir.join("nginx.conf"), config).unwrap();
        let mut command = Command::new(&program);
        command.args(["-e", "stderr", "-p", &place, "-c"]).arg(dir.join("nginx.conf"));
        Process::start(&mut command, dir, "nginx")
    })
}

const LISTED: &str = "proxy_protocol: {from: [127.0.0.1]}";

#[test]
fn rules_see_the_client_with_and_without_tls() {
    for front in FRONTS {
        for tls in [false, true] {
            let Some(site) = Site::start(front, tls, LISTED) else { return };
            assert_eq!(site.granted(CLIENT), "pull", "{front:?}");
            assert_eq!(site.granted(CLIENT_V6), "delete", "{front:?}");
            assert_eq!(site.granted("198.51.100.1"), "", "{front:?}");
            assert_eq!(site.granted("127.0.0.1"), "push", "{front:?}");
            // Past the proxy nobody gets in, and who writes a header themselves is on the list.
            let refused = site.ask(site.direct, "").unwrap_err();
            assert!(!refused.contains("HTTP/"), "{front:?}: {refused}");
            let said = poll(Duration::from_secs(20), || {
                site.server.log().contains("does not say whom it brings, and is turned away").then_some(())
            });
            assert!(said.is_some(), "{front:?}: {}", site.server.log());
        }
    }
}

/// haproxy's health checks send their own header, and are neither refused nor warned of.
#[test]
fn health_checks_are_nobody() {
    for how in ["send-proxy", "send-proxy-v2"] {
        let keys = format!("{LISTED}\n  metrics: {{addr: \"127.0.0.1:0\"}}");
        let Some(site) = Site::start(Front::Haproxy(how), false, &keys) else { return };
        let log = site.server.log();
        let line = log.lines().find(|line| line.contains("listening for those who watch")).unwrap();
        let mut address = line.split(|c: char| !(c.is_ascii_digit() || ".:".contains(c)));
        let metrics = address.rfind(|word| word.starts_with("127.0.0.1:")).unwrap().to_owned();
        let count = |series: &str| -> u64 {
            let page = request("GET", &metrics, "/metrics", None).body;
            let line = page.lines().find_map(|line| line.strip_prefix(series));
            line.unwrap_or_else(|| panic!("{series} in {page}")).trim().parse().unwrap()
        };
        let checked = poll(Duration::from_secs(20), || {
            (count("dockgate_connections_accepted_total") > 20).then_some(())
        });
        assert!(checked.is_some(), "haproxy does not look");
        assert_eq!(count("dockgate_connections_failed_total{reason=\"proxy_header\"}"), 0);
        assert_eq!(site.granted(CLIENT), "pull");
        assert!(!site.proxy.log().contains("DOWN"), "{}", site.proxy.log());
        assert!(!site.server.log().contains("turned away"), "{}", site.server.log());
    }
}

/// A header that nobody waits for is no request and no handshake.
#[test]
fn a_proxy_that_is_not_listed_is_not_understood() {
    for front in [Front::Haproxy("send-proxy"), Front::Haproxy("send-proxy-v2"), Front::Nginx] {
        for tls in [false, true] {
            let Some(site) = Site::start(front, tls, "proxy_protocol: {from: [192.0.2.1]}") else { return };
            let header = format!("PROXY TCP4 {CLIENT} 127.0.0.1 4711 {}\r\n", site.front);
            let refused = site.ask(site.front, &header).unwrap_err();
            assert!(!refused.contains(" 200 "), "{front:?}: {refused}");
            assert_eq!(site.ask(site.direct, "").unwrap(), "push", "{front:?}");
        }
    }
}
