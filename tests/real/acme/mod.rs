//! Certificates of a real authority, from the first handshake to the renewal.

mod authority;
mod client;
mod life;
mod sharing;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::components::{self, PEBBLE, PEBBLE_NAMES};
use crate::dockgate;
use crate::harness::poll;
use crate::harness::process::Process;
use crate::keys::Key;
use authority::{Authority, Terms};
use client::Connection;

pub(super) const HOST: &str = "auth.example.com";
const LONG: u32 = 90 * 24 * 60 * 60;
/// An order takes a second or two; the authority refuses good nonces now and then, on purpose.
const WITHIN: Duration = Duration::from_secs(90);

/// A server, its authority, and the directory of both.
struct Site {
    server: Option<Process>,
    authority: Authority,
    port: u16,
    dir: TempDir,
}

fn directory() -> Option<TempDir> {
    let installed = components::installed(&[PEBBLE, PEBBLE_NAMES]);
    installed.then(|| {
        let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
        fs::create_dir(dir.path().join("kept")).unwrap();
        fs::write(dir.path().join("external.key"), authority::EXTERNAL.1).unwrap();
        Key::EcP256.write(dir.path());
        dir
    })
}

/// A configuration whose `acme` asks the authority at a port of this machine.
fn configuration(port: u16, authority: u16, more: &str) -> String {
    format!(
        "server:\n  addr: \"127.0.0.1:{port}\"\n  acme:\n    directory: \"https://localhost:{authority}/dir\"\n    \
         ca: authority-ca.pem\n    email: admin@example.com\n    hosts: [{HOST}, Second.example.com]\n    \
         cache_dir: kept\n{more}\
         token: {{issuer: a, expiration: 900, certificate: token.crt, key: token.key}}\n\
         authn: [{{users: {{\"\": {{}}}}}}]\nauthz: [{{acl: []}}]\n"
    )
}

fn serve(dir: &Path, name: &str, config: &str) -> Process {
    let file = format!("{name}.yml");
    fs::write(dir.join(&file), config).unwrap();
    Process::start(Command::new(dockgate::PROGRAM).arg(&file), dir, name)
}

impl Site {
    fn start(validity: u32) -> Option<Self> {
        Self::start_with(validity, false, "")
    }

    fn start_with(validity: u32, wants_external: bool, more: &str) -> Option<Self> {
        let dir = directory()?;
        let mut authority = None;
        let (server, port) = Process::listening("listening", |tls_port| {
            authority = None;
            let asked = Authority::start(dir.path(), Terms { tls_port, validity, wants_external });
            let server = serve(dir.path(), "dockgate", &configuration(tls_port, asked.port, more));
            authority = Some(asked);
            server
        });
        Some(Self { server: Some(server), authority: authority.unwrap(), port, dir })
    }

    fn log(&self) -> String {
        self.server.as_ref().unwrap().log()
    }

    /// Waits until the server has said something so often.
    #[track_caller]
    fn says(&self, text: &str, times: usize) {
        says(self.server.as_ref().unwrap(), text, times);
    }

    fn connect(&self, trusted: &str) -> Connection {
        let connected = client::connect(self.port, HOST, trusted);
        connected.unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    /// Starts the server anew.
    fn restart(&mut self) {
        self.server.as_mut().unwrap().terminate().unwrap();
        fs::rename(self.dir.path().join("dockgate.log"), self.dir.path().join("before.log")).unwrap();
        let config = fs::read_to_string(self.dir.path().join("dockgate.yml")).unwrap();
        self.server = Some(serve(self.dir.path(), "dockgate", &config).ready("listening"));
    }

    /// Everything that is kept, in order.
    fn kept(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dir.path().join("kept")).unwrap();
        let mut kept: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        kept.sort();
        kept
    }
}

#[track_caller]
fn says(server: &Process, text: &str, times: usize) {
    let said = poll(WITHIN, || (server.log().matches(text).count() >= times).then_some(()));
    assert!(said.is_some(), "it does not say {text:?} {times} times:\n{}", server.log());
}
