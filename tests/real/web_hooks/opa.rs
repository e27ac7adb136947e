//! Open Policy Agent, with a policy in Rego.

use std::fs;
use std::process::Command;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::{PEOPLE, decides, status};
use crate::accounts::{ALICE, Account, READER};
use crate::client::{Client, with_each_client};
use crate::components::{self, OPA};
use crate::harness::http::request;
use crate::harness::poll;
use crate::harness::process::Process;
use crate::programs::ASKED_EACH_TIME;
use crate::registry::VERSIONS;
use crate::site::Site;
use crate::skopeo::Skopeo;

const READY_WITHIN: Duration = Duration::from_secs(20);

with_each_client!(a_policy_decides);

fn start() -> Option<(Process, String, TempDir)> {
    if !components::installed(&[OPA]) {
        return None;
    }
    let dir = tempfile::Builder::new().prefix("dockgate-opa-").tempdir().unwrap();
    fs::write(dir.path().join("policy.rego"), include_str!("policy.rego")).unwrap();
    let hash = |account: &Account| HEXLOWER.encode(digest(&SHA256, account.password.as_bytes()).as_ref());
    let groups = |account: &Account| if account.name == READER.name { vec!["pullers"] } else { vec![] };
    let person = |account: &&Account| json!({"password": hash(account), "groups": groups(account)});
    let people: Map<String, Value> =
        PEOPLE.iter().map(|account| (account.name.to_owned(), person(account))).collect();
    fs::write(dir.path().join("data.json"), json!({"people": people}).to_string()).unwrap();
    let (opa, port) = Process::listening("Initializing server", |port| {
        let mut command = Command::new(OPA.program);
        command.args(["run", "--server", "--disable-telemetry", "--addr", &format!("127.0.0.1:{port}")]);
        Process::start(command.args(["policy.rego", "data.json"]), dir.path(), "opa")
    });
    let host = format!("127.0.0.1:{port}");
    let ready = || {
        std::net::TcpStream::connect(&host)
            .ok()
            .filter(|_| request("GET", &host, "/health", None).status == 200)
    };
    assert!(poll(READY_WITHIN, ready).is_some(), "{}", opa.log());
    Some((opa, host, dir))
}

fn chains(host: &str) -> String {
    format!(
        "authn:\n  - users: {{\"\": {{}}}}\n  - http_auth: {{url: \"http://{host}/v1/data/registry/login\", format: opa, breaker: {{pause: 1s}}}}\n\
         authz:\n  - http_authz: {{url: \"http://{host}/v1/data/registry/access\", format: opa, cache: {{ttl: 1s}}}}\n"
    )
}

fn a_policy_decides<C: Client>() {
    let Some((_opa, host, _dir)) = start() else { return };
    for version in VERSIONS {
        let Some(site) = Site::deciding(version, C::COMPONENTS, &chains(&host)) else { return };
        decides::<C>(&site, &site.client_of(&READER), &site.client_of(&ALICE));
    }
}

#[test]
fn without_it_nobody_is_refused_and_nobody_let_in() {
    let Some((mut opa, host, _dir)) = start() else { return };
    let chains = chains(&host) + ASKED_EACH_TIME;
    let Some(mut site) = Site::deciding(VERSIONS[0], Skopeo::COMPONENTS, &chains) else { return };
    let wrong = Account { password: "wrong", ..ALICE };
    let unknown = Account { name: "mallory", ..ALICE };
    assert_eq!([&ALICE, &wrong, &unknown].map(|account| status(&site, account)), [200, 401, 401]);
    assert!(opa.terminate().is_some());
    assert_eq!([&ALICE, &wrong, &unknown].map(|account| status(&site, account)), [503, 503, 503]);
    assert!(site.runs());
}

/// A rule that no policy has is `{}`: an error, neither a yes nor a no.
#[test]
fn a_rule_that_is_not_there_is_told() {
    let Some((_opa, host, _dir)) = start() else { return };
    let chains = chains(&host).replace("registry/login", "registry/logn");
    let Some(site) = Site::deciding(VERSIONS[0], Skopeo::COMPONENTS, &chains) else { return };
    assert_eq!(status(&site, &ALICE), 503);
    let told = poll(READY_WITHIN, || site.dockgate.log().contains("there is no `result`").then_some(()));
    assert!(told.is_some(), "{}", site.dockgate.log());
}
