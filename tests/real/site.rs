//! A registry and its token server.

use std::fs;

use tempfile::TempDir;

use crate::accounts::Account;
use crate::api::Api;
use crate::client::{Client, Home};
use crate::components::{self, Component};
use crate::dockgate;
use crate::harness::http::request;
use crate::harness::logs::Logs;
use crate::harness::process::Process;
use crate::keys::{Key, KeyFiles};
use crate::registry::{self, Access, TrustFiles, VERSIONS, Version};

pub(crate) struct Site {
    pub(crate) dockgate: Process,
    pub(crate) dockgate_host: String,
    registry: Process,
    pub(crate) registry_host: String,
    // Behind the servers: fields drop in order, and they write into it.
    dir: TempDir,
}

impl Site {
    /// `None` if a component is missing: the test has nothing to say.
    pub(crate) fn start(clients: &[Component]) -> Option<Self> {
        Self::signing_with(Key::EcP256, true, clients)
    }

    pub(crate) fn signing_with(key: Key, x5c: bool, clients: &[Component]) -> Option<Self> {
        Self::of_version(VERSIONS[0], key, x5c, clients)
    }

    /// The registry has a certificate that vouches for the key.
    pub(crate) fn of_version(version: Version, key: Key, x5c: bool, clients: &[Component]) -> Option<Self> {
        Self::assemble(version, key, x5c, clients, |files, _| TrustFiles {
            bundle: Some(files.trusted.clone()),
            jwks: None,
        })
    }

    /// The registry has nothing but the keys that the server publishes.
    pub(crate) fn of_version_with_jwks(version: Version, key: Key, clients: &[Component]) -> Option<Self> {
        Self::assemble(version, key, false, clients, |files, dockgate| {
            let answer = request("GET", dockgate, "/.well-known/jwks.json", None);
            assert_eq!(answer.status, 200, "{answer:?}");
            let file = files.key.with_file_name("jwks.json");
            fs::write(&file, &answer.body).unwrap();
            TrustFiles { bundle: None, jwks: Some(file) }
        })
    }

    fn assemble(
        version: Version,
        key: Key,
        x5c: bool,
        clients: &[Component],
        trust: impl FnOnce(&KeyFiles, &str) -> TrustFiles,
    ) -> Option<Self> {
        if !components::installed(&[clients, &[version.component]].concat()) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
        let files = key.write(dir.path());
        let (dockgate, port) = dockgate::start(dir.path(), &files, x5c);
        let dockgate_host = format!("127.0.0.1:{port}");
        // By name: crane takes no realm at a private address.
        let realm = format!("http://localhost:{port}/auth");
        let trust = trust(&files, &dockgate_host);
        let (registry, port) = registry::start(version, dir.path(), &realm, &trust)
            .unwrap_or_else(|log| panic!("{version:?} does not start:\n{log}"));
        Some(Self { dockgate, dockgate_host, registry, registry_host: format!("127.0.0.1:{port}"), dir })
    }

    /// A client that nobody has used yet.
    pub(crate) fn client<C: Client>(&self) -> C {
        C::at(self.home())
    }

    /// A place for another client.
    pub(crate) fn home(&self) -> Home {
        let home = tempfile::tempdir_in(self.dir.path()).unwrap();
        Home::new(home.keep(), self.registry_host.clone(), self.logs())
    }

    /// A client of one who signed in.
    #[track_caller]
    pub(crate) fn client_of<C: Client>(&self, account: &Account) -> C {
        let client: C = self.client();
        client.sign_in(account);
        client
    }

    pub(crate) fn api<'a>(&'a self, account: Option<&'a Account>) -> Api<'a> {
        Api { site: self, account }
    }

    pub(crate) fn accesses(&self) -> Vec<Access> {
        registry::accesses(&self.registry.log())
    }

    pub(crate) fn logs(&self) -> Logs {
        Logs([&self.dockgate, &self.registry].map(|server| server.log_file().to_owned()).to_vec())
    }
}
