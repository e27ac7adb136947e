//! A real authority: Let's Encrypt's `pebble`, with a name server that knows every name as 127.0.0.1.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;

use super::client;
use crate::components::{PEBBLE, PEBBLE_NAMES};
use crate::harness::process::{Process, free_port};

/// The key of the account that exists, and its id.
pub(super) const EXTERNAL: (&str, &str) =
    ("kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W");

/// How an authority is to be.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    /// Where it looks for proofs.
    pub(super) tls_port: u16,
    /// How long its certificates are good, in seconds.
    pub(super) validity: u32,
    /// Whether it takes only those who have an account elsewhere.
    pub(super) wants_external: bool,
}

/// An authority that runs as long as this value lives.
pub(super) struct Authority {
    dir: PathBuf,
    terms: Terms,
    _names: Process,
    names_port: u16,
    process: Option<Process>,
    /// Where its directory is.
    pub(super) port: u16,
    management: u16,
}

impl Authority {
    pub(super) fn start(dir: &Path, terms: Terms) -> Self {
        certify(dir);
        let (names, names_port) = Process::listening("Starting management server", |port| {
            let (dns, management) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", free_port()));
            let mut command = Command::new(PEBBLE_NAMES.program);
            command.args(["-dnsserver", &dns, "-management", &management, "-defaultIPv6", ""]);
            command.args(["-http01", "", "-https01", "", "-doh", "", "-tlsalpn01", ""]);
            Process::start(&mut command, dir, &format!("names-{port}"))
        });
        let mut authority = Self {
            dir: dir.to_path_buf(),
            terms,
            _names: names,
            names_port,
            process: None,
            port: 0,
            management: 0,
        };
        let (process, port) = Process::listening("Listening on", |port| authority.process_at(port));
        authority.process = Some(process);
        authority.port = port;
        authority
    }

    fn process_at(&mut self, port: u16) -> Process {
        self.management = free_port();
        let Terms { tls_port, validity, wants_external } = self.terms;
        let config = json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{}", self.management),
            "certificate": "authority.pem",
            "privateKey": "authority.key",
            "httpPort": tls_port,
            "tlsPort": tls_port,
            "ocspResponderURL": "",
            "keyAlgorithm": "ecdsa",
            "externalAccountBindingRequired": wants_external,
            "externalAccountMACKeys": {EXTERNAL.0: EXTERNAL.1},
            "retryAfter": {"authz": 1, "order": 1},
            "profiles": {"default": {"description": "for tests", "validityPeriod": validity}},
        }});
        let file = format!("pebble-{port}.json");
        fs::write(self.dir.join(&file), config.to_string()).unwrap();
        let names = format!("127.0.0.1:{}", self.names_port);
        let program = crate::components::find(PEBBLE.program).unwrap();
        // The harness empties the environment of what it starts.
        let mut command = Command::new("env");
        command.args(["PEBBLE_VA_NOSLEEP=1", "PEBBLE_AUTHZREUSE=0", "PEBBLE_WFE_NONCEREJECT=3"]);
        command.arg(program).args(["-config", &file, "-dnsserver", &names]);
        Process::start(&mut command, &self.dir, &format!("pebble-{port}"))
    }

    /// Ends it, as a network that is down.
    pub(super) fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it anew at the same address; it has forgotten everything.
    pub(super) fn start_again(&mut self) {
        let log = self.dir.join(format!("pebble-{}.log", self.port));
        fs::rename(&log, self.dir.join("pebble-before.log")).unwrap();
        let process = self.process_at(self.port);
        self.process = Some(process.ready("Listening on"));
    }

    /// Who vouches for its certificates.
    pub(super) fn root(&self) -> String {
        let trusted = fs::read_to_string(self.dir.join("authority-ca.pem")).unwrap();
        client::connect(self.management, "localhost", &trusted).unwrap().get("/roots/0").body
    }

    /// How many orders it has taken. It refuses some tries on purpose, which are none of these.
    pub(super) fn orders(&self) -> usize {
        self.process.as_ref().unwrap().log().matches("Added order").count()
    }
}

/// The authority's own certificate, of another authority.
fn certify(dir: &Path) {
    let ca_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = Issuer::from_params(&params, &ca_key);
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    for (name, text) in [
        ("authority-ca.pem", ca.pem()),
        ("authority.pem", leaf.pem()),
        ("authority.key", key.serialize_pem()),
    ] {
        fs::write(dir.join(name), text).unwrap();
    }
}
