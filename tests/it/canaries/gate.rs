//! What proxies and their clients send to the gate.

use rustix::process::Signal;

use crate::process::{Server, Site, basic};
use crate::support::hash;

const SECRET: &str = "canary-secret-of-the-proxy-0123456789abcdef";
const PREVIOUS: &str = "canary-secret-from-before-0123456789abcdef";
const GUESSED: &str = "canary-guessed-secret-0123456789abcdef";
const RIGHT: &str = "canary right:password/1";
const WRONG: &str = "canary wrong:password/2";
const IN_QUERY: &str = "canary-in-a-query-3";

fn config(format: &str) -> String {
    format!(
        "server: {{addr: \"127.0.0.1:0\"}}
token: {{issuer: a, expiration: 300, certificate: cert.pem, key: key.pem}}
log: {{level: trace, format: {format}}}
audit: {{to: audit.log}}
forward_auth: {{preset: nginx, mode: both, service: registry, secret: {SECRET}, previous_secret: {PREVIOUS}, \
         trusted_proxies: [127.0.0.1], public_url: \"https://auth.example.com\"}}
users: {{alice: {{password: \"{}\"}}}}
acl: [{{match: {{account: alice}}, actions: [pull]}}]
",
        hash(RIGHT)
    )
}

#[test]
fn no_secret_of_the_gate_is_said() {
    for format in ["json", "text"] {
        let site = Site::with(&config(format));
        let server = Server::start(&site, "auth.yml");
        let token = server.ask(Some(("alice", RIGHT)), "repository:team/app:pull").token();
        let mut answers = String::new();
        for secret in [SECRET, PREVIOUS, GUESSED] {
            for authorization in [
                basic("alice", RIGHT),
                basic("alice", WRONG),
                format!("Bearer {token}"),
                format!("Bearer {}", &token[..token.len() - 1]),
                format!("Basic {WRONG}"),
            ] {
                for (method, uri) in [
                    ("GET", "/v2/team/app/manifests/1".to_owned()),
                    ("PUT", "/v2/team/app/manifests/1".to_owned()),
                    ("GET", format!("/v2/team/app/blobs/uploads/1?_state={IN_QUERY}")),
                    ("GET", format!("/v2/../x?{IN_QUERY}")),
                ] {
                    let headers = [
                        ("X-Dockgate-Secret", secret),
                        ("X-Original-Method", method),
                        ("X-Original-URI", &uri),
                        ("X-Forwarded-For", "203.0.113.9"),
                        ("Authorization", &authorization),
                    ];
                    let answer = server.address().request("GET", "/forward-auth", &headers, b"");
                    answers += &format!("{answer:?}\n");
                }
            }
        }
        server.said("passes the gate", 4);
        let ended = server.stop(Signal::TERM);
        let audit = std::fs::read_to_string(site.file("audit.log")).unwrap();
        let said = format!("{}{audit}{answers}", ended.output());
        let signature = token.rsplit('.').next().unwrap().to_owned();
        let canaries = [SECRET, PREVIOUS, GUESSED, RIGHT, WRONG, IN_QUERY, &signature, &token[..60]];
        for canary in
            canaries.map(str::to_owned).into_iter().chain([basic("alice", RIGHT), basic("alice", WRONG)])
        {
            assert!(!said.contains(canary.trim_start_matches("Basic ")), "{canary} ({format})");
        }
    }
}
