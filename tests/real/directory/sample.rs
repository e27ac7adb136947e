//! The samples in `config/`, run as they are.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use super::authority::Authority;
use crate::api::open;
use crate::dockgate::{self, PROGRAM};
use crate::harness::http::{encode, request};
use crate::harness::process::Process;

/// A server with a sample.
pub(super) struct Sample {
    process: Process,
    host: String,
    // Behind the server: fields drop in order, and it writes into it.
    dir: TempDir,
}

const FILE: &str = "sample.yml";

impl Sample {
    /// `config/NAME`, with addresses and names of the place in which it runs: each of `replaced` is to be found in it. The
    /// service account's password is `service-pass`.
    pub(super) fn start(name: &str, authority: &Authority, replaced: &[(&str, &str)]) -> Self {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
        let mut text = fs::read_to_string(sample).unwrap();
        for (there, here) in replaced {
            assert!(text.contains(there), "{name} has no {there}");
            text = text.replace(there, here);
        }
        let dir = tempfile::Builder::new().prefix("dockgate-sample-").tempdir().unwrap();
        fs::copy(&authority.certificate, dir.path().join("ca.pem")).unwrap();
        fs::write(dir.path().join("bind.password"), "service-pass\n").unwrap();
        dockgate::run(dir.path(), &["keys", "init", "keys"]).succeeds();
        let (process, port) = Process::listening("listening", |port| {
            let addr = format!("addr: \"127.0.0.1:{port}\"");
            assert!(text.contains("addr: \":5001\""), "{name}");
            fs::write(dir.path().join(FILE), text.replace("addr: \":5001\"", &addr)).unwrap();
            Process::start(Command::new(PROGRAM).arg(FILE), dir.path(), "dockgate")
        });
        dockgate::run(dir.path(), &["check", FILE]).succeeds();
        Self { process, host: format!("127.0.0.1:{port}"), dir }
    }

    /// What somebody is granted who wants to pull and push: the actions, or the status of a refusal.
    pub(super) fn granted(&self, account: &str, password: &str, repository: &str) -> String {
        let scope = encode(&format!("repository:{repository}:pull,push"));
        let basic = format!("Basic {}", STANDARD.encode(format!("{account}:{password}")));
        let answer =
            request("GET", &self.host, &format!("/auth?service=registry&scope={scope}"), Some(&basic));
        if answer.status != 200 {
            return answer.status.to_string();
        }
        let [_, claims] = open(answer.json()["token"].as_str().unwrap());
        let actions = claims["access"][0]["actions"].as_array().cloned().unwrap_or_default();
        actions.iter().filter_map(|action| action.as_str()).collect::<Vec<_>>().join(",")
    }

    /// What `dockgate ldap-test` says of an account that it takes to be who it is.
    pub(super) fn told_of(&self, account: &str) -> String {
        dockgate::run(self.dir.path(), &["ldap-test", FILE, "--account", account]).succeeds().stdout
    }

    pub(super) fn log(&self) -> String {
        self.process.log()
    }
}
