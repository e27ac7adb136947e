//! A registry that asks nobody anything, the proxy before it, and the gate that the proxy asks.

use std::fs;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tempfile::TempDir;

use super::wire::Wire;
use super::{Front, Places};
use crate::accounts::{self, Account};
use crate::api;
use crate::client::{Client, Home};
use crate::components::{self, Component};
use crate::dockgate::{ISSUER, PROGRAM};
use crate::harness::http::{Response, encode, request, send};
use crate::harness::logs::Logs;
use crate::harness::poll;
use crate::harness::process::Process;
use crate::keys::{Key, KeyFiles};
use crate::registry::{self, Access, SERVICE, VERSIONS};

pub(crate) const SECRET: &str = "a-secret-between-proxy-and-gate-0123456789";
const DONE_WITHIN: Duration = Duration::from_secs(10);
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// What stands before the address of its metrics in the server's log.
const WATCHED_AT: &str = "listening for those who watch address=";

/// How clients prove who they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    Basic,
    Bearer,
}

pub(crate) struct Gated<F> {
    pub(crate) front: Process,
    /// Where clients come in.
    pub(crate) port: u16,
    pub(crate) gate: Process,
    /// Where it listens, for those who go around the proxy.
    pub(crate) gate_host: String,
    pub(crate) registry: Process,
    /// Where it listens, likewise.
    pub(crate) registry_host: String,
    pub(crate) mode: Mode,
    certificate: PathBuf,
    kind: PhantomData<F>,
    // Behind the servers: fields drop in order, and they write into it.
    dir: TempDir,
}

impl<F: Front> Gated<F> {
    /// With the tests' accounts. `None` if a component is missing: the test has nothing to say.
    pub(crate) fn start(mode: Mode, clients: &[Component]) -> Option<Self> {
        Self::with(mode, clients, &accounts::users_and_acl())
    }

    /// With other sections of the gate's configuration: who is who, what they may do, and what else there is.
    pub(crate) fn with(mode: Mode, clients: &[Component], sections: &str) -> Option<Self> {
        Self::before(mode, clients, sections, None)
    }

    /// With something else in the registry's place, at an address.
    pub(crate) fn before(
        mode: Mode,
        clients: &[Component],
        sections: &str,
        behind: Option<String>,
    ) -> Option<Self> {
        if !components::installed(&[clients, F::COMPONENTS, &[components::REGISTRY]].concat()) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
        let (registry, registry_port) = registry::start_with(VERSIONS[0], dir.path(), "").unwrap();
        let registry_host = format!("127.0.0.1:{registry_port}");
        let auth = Auth::new::<F>(dir.path(), mode, sections);
        let (gate, gate_port) = auth.serve();
        let gate_host = format!("127.0.0.1:{gate_port}");
        let (certificate, key) = localhost(dir.path());
        let place = dir.path().join("front");
        fs::create_dir(&place).unwrap();
        let (front, port) = F::start(&Places {
            dir: &place,
            gate: gate_host.clone(),
            registry: behind.unwrap_or_else(|| registry_host.clone()),
            secret: SECRET,
            certificate: &certificate,
            key: &key,
        });
        if F::SERVES_TOKENS && mode == Mode::Bearer {
            auth.reload(&gate, gate_port, &format!("https://localhost:{port}"));
        }
        let kind = PhantomData;
        Some(Self { front, port, gate, gate_host, registry, registry_host, mode, certificate, kind, dir })
    }

    /// Where the servers' files are; the proxy's own in `front`.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The registry, as clients call it.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A client that nobody has used yet.
    pub(crate) fn client<C: Client>(&self) -> C {
        C::at(self.home())
    }

    /// A place for another client.
    pub(crate) fn home(&self) -> Home {
        let home = tempfile::tempdir_in(self.dir.path()).unwrap();
        Home::new(home.keep(), self.host(), self.logs()).trusting(self.certificate.clone())
    }

    /// A connection to the proxy, for what no client sends.
    pub(crate) fn wire(&self) -> Wire {
        Wire::connect(self.port, &self.certificate)
    }

    /// The certificate that the proxy shows.
    pub(crate) fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// One request as somebody, or as nobody, without a body.
    #[track_caller]
    pub(crate) fn ask(&self, account: Option<&Account>, method: &str, target: &str) -> Response {
        let proof = account.map(|account| self.proof(account, method, target));
        let fields: Vec<_> = proof.iter().map(|proof| ("Authorization", proof.as_str())).collect();
        self.wire().ask(method, target, &fields, b"")
    }

    /// What an account writes into `Authorization`; a token is for what the gate demands for this request.
    #[track_caller]
    pub(crate) fn proof(&self, account: &Account, method: &str, target: &str) -> String {
        if self.mode == Mode::Basic {
            return format!("Basic {}", STANDARD.encode(format!("{}:{}", account.name, account.password)));
        }
        let refusal = self.wire().ask(method, target, &[], b"");
        let challenge = refusal.header("WWW-Authenticate");
        let challenge = challenge.unwrap_or_else(|| panic!("{refusal:?}\n{}", self.logs()));
        let scope = challenge.split_once("scope=\"").and_then(|(_, rest)| rest.split('"').next());
        format!("Bearer {}", api::token(&self.gate_host, SERVICE, scope.unwrap_or_default(), account))
    }

    /// Has something in the registry, which nobody had to be asked for; answers how often the registry was asked till then.
    pub(crate) fn store(&self, repository: &str, tag: &str) -> usize {
        let ask = |method: &str, target: &str, fields: &[(&str, &str)], body: &str| {
            let answer = send(method, &self.registry_host, target, fields, body);
            assert_eq!(answer.status / 100, 2, "{method} {target}: {answer:?}");
            answer
        };
        let (config, digest) =
            ("{}", "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
        let upload = ask("POST", &format!("/v2/{repository}/blobs/uploads/"), &[], "");
        let location = upload.header("Location").unwrap();
        let target = location.split_once(&self.registry_host).unwrap().1;
        let octets = ("Content-Type", "application/octet-stream");
        ask("PUT", &format!("{target}&digest={}", encode(digest)), &[octets], config);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": config.len()},
        });
        let manifest_at = format!("/v2/{repository}/manifests/{tag}");
        ask("PUT", &manifest_at, &[("Content-Type", MANIFEST)], &manifest.to_string());
        self.accesses_until(&manifest_at).len()
    }

    /// What reached the registry up to the last request for a target, which its log shows a moment later.
    #[track_caller]
    pub(crate) fn accesses_until(&self, target: &str) -> Vec<Access> {
        let shown = || {
            let mut came = self.accesses();
            let last = came.iter().rposition(|access| access.target == target)?;
            came.truncate(last + 1);
            Some(came)
        };
        poll(DONE_WITHIN, shown).unwrap_or_else(|| panic!("{target} did not come\n{}", self.logs()))
    }

    /// What reached the registry.
    pub(crate) fn accesses(&self) -> Vec<Access> {
        registry::accesses(&self.registry.log())
    }

    /// What the server counts under a name, of all series together.
    pub(crate) fn counted(&self, name: &str) -> u64 {
        let log = self.gate.log();
        let (_, rest) = log.split_once(WATCHED_AT).unwrap();
        let metrics = request("GET", rest.split_whitespace().next().unwrap(), "/metrics", None).body;
        let series = metrics.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            rest.starts_with(['{', ' ']).then(|| rest.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
        });
        series.sum()
    }

    pub(crate) fn logs(&self) -> Logs {
        Logs([&self.front, &self.gate, &self.registry].map(|server| server.log_file().to_owned()).to_vec())
    }
}

/// The server's configuration.
struct Auth<'a> {
    dir: &'a Path,
    preset: &'static str,
    mode: Mode,
    keys: KeyFiles,
    sections: &'a str,
}

impl<'a> Auth<'a> {
    fn new<F: Front>(dir: &'a Path, mode: Mode, sections: &'a str) -> Self {
        Self { dir, preset: F::NAME, mode, keys: Key::EcP256.write(dir), sections }
    }

    fn serve(&self) -> (Process, u16) {
        Process::listening(WATCHED_AT, |port| {
            // By name: crane takes no realm at a private address.
            self.write(port, &format!("http://localhost:{port}"));
            Process::start(Command::new(PROGRAM).arg("auth.yml"), self.dir, "gate")
        })
    }

    /// Tells the server that clients find it elsewhere.
    fn reload(&self, gate: &Process, port: u16, public_url: &str) {
        self.write(port, public_url);
        let reloaded = || gate.log().contains("configuration reloaded").then_some(());
        poll(DONE_WITHIN, reloaded).unwrap_or_else(|| panic!("not reloaded:\n{}", gate.log()));
    }

    fn write(&self, port: u16, public_url: &str) {
        let Self { preset, sections, keys, .. } = self;
        let (mode, url) = match self.mode {
            Mode::Basic => ("basic", String::new()),
            Mode::Bearer => ("bearer", format!("  public_url: \"{public_url}\"\n")),
        };
        let text = format!(
            "server:\n  addr: \"127.0.0.1:{port}\"\n  metrics: {{addr: \"127.0.0.1:0\"}}\n\
             token:\n  issuer: \"{ISSUER}\"\n  expiration: 900\n  certificate: \"{}\"\n  key: \"{}\"\n\
             forward_auth:\n  preset: {preset}\n  mode: {mode}\n  service: \"{SERVICE}\"\n  secret: {SECRET}\n  \
             trusted_proxies: [127.0.0.1]\n{url}{sections}",
            keys.certificate.display(),
            keys.key.display(),
        );
        fs::write(self.dir.join("auth.yml"), text).unwrap();
    }
}

/// A certificate for this machine that is its own authority, and its key.
pub(super) fn localhost(dir: &Path) -> (PathBuf, PathBuf) {
    let names = ["localhost", "127.0.0.1", "registry.example.com"].map(str::to_owned);
    let pair = rcgen::generate_simple_self_signed(names).unwrap();
    let [certificate, key] = ["front.crt", "front.key"].map(|name| dir.join(name));
    fs::write(&certificate, pair.cert.pem()).unwrap();
    fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}
