//! A registry and its token server.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::accounts::{self, Account};
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
        Self::with_keys(version, clients, |dir| {
            let files = key.write(dir);
            let KeyFiles { certificate, key, .. } = &files;
            let [certificate, key] = [certificate, key].map(|file| file.display());
            let token = format!("  certificate: \"{certificate}\"\n  key: \"{key}\"\n  x5c: {x5c}\n");
            (token, move |dockgate: &str| trust(&files, dockgate))
        })
    }

    /// With other chains than those of the tests' accounts: what they say, or nothing to say.
    pub(crate) fn deciding(version: Version, clients: &[Component], chains: &str) -> Option<Self> {
        Self::with_chains(version, clients, chains, |dir| {
            let files = Key::EcP256.write(dir);
            let KeyFiles { certificate, key, .. } = &files;
            let [certificate, key] = [certificate, key].map(|file| file.display());
            let token = format!("  certificate: \"{certificate}\"\n  key: \"{key}\"\n");
            (token, move |_: &str| TrustFiles { bundle: Some(files.trusted.clone()), jwks: None })
        })
    }

    /// The tests' accounts, a store, and refresh tokens for who asks for them.
    pub(crate) fn keeping_tokens(version: Version, clients: &[Component]) -> Option<Self> {
        let chains = format!("store: {{file: store, recheck: 0s}}\n{}", accounts::users_and_acl());
        Self::with_chains(version, clients, &chains, |dir| {
            let files = Key::EcP256.write(dir);
            let KeyFiles { certificate, key, .. } = &files;
            let [certificate, key] = [certificate, key].map(|file| file.display());
            let token = format!("  certificate: \"{certificate}\"\n  key: \"{key}\"\n  refresh: {{}}\n");
            (token, move |_: &str| TrustFiles { bundle: Some(files.trusted.clone()), jwks: None })
        })
    }

    /// `prepare` puts keys into the site's directory, and answers what the server's `token` says of them and, once
    /// the server runs at some host, what the registry is given.
    pub(crate) fn with_keys<T: FnOnce(&str) -> TrustFiles>(
        version: Version,
        clients: &[Component],
        prepare: impl FnOnce(&Path) -> (String, T),
    ) -> Option<Self> {
        Self::with_chains(version, clients, &accounts::users_and_acl(), prepare)
    }

    fn with_chains<T: FnOnce(&str) -> TrustFiles>(
        version: Version,
        clients: &[Component],
        chains: &str,
        prepare: impl FnOnce(&Path) -> (String, T),
    ) -> Option<Self> {
        if !components::installed(&[clients, &[version.component]].concat()) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
        let (token, trust) = prepare(dir.path());
        let (dockgate, port) = dockgate::serve_deciding(dir.path(), "dockgate", &token, chains);
        let dockgate_host = format!("127.0.0.1:{port}");
        let trust = trust(&dockgate_host);
        let (registry, registry_host) = registry_for(version, dir.path(), &dockgate_host, &trust);
        Some(Self { dockgate, dockgate_host, registry, registry_host, dir })
    }

    /// Starts the registry anew over what it stored, at another port, with other trust.
    pub(crate) fn restart_registry(&mut self, version: Version, trust: &TrustFiles) {
        self.registry.terminate();
        // What the new one says is looked for in a log of its own.
        let log = self.registry.log_file();
        fs::rename(log, log.with_extension("before.log")).unwrap();
        let (registry, host) = registry_for(version, self.dir.path(), &self.dockgate_host, trust);
        (self.registry, self.registry_host) = (registry, host);
    }

    /// One more registry that sends its clients to the same server.
    pub(crate) fn another_registry(&self, version: Version, trust: &TrustFiles) -> (Process, String) {
        let dir = tempfile::tempdir_in(self.dir.path()).unwrap().keep();
        registry_for(version, &dir, &self.dockgate_host, trust)
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Whether both servers are still those that were started.
    pub(crate) fn runs(&mut self) -> bool {
        self.dockgate.is_running() && self.registry.is_running()
    }

    /// A client that nobody has used yet.
    pub(crate) fn client<C: Client>(&self) -> C {
        self.client_at(&self.registry_host)
    }

    /// The same for one more registry.
    pub(crate) fn client_at<C: Client>(&self, registry: &str) -> C {
        C::at(self.home_at(registry))
    }

    /// A place for another client.
    pub(crate) fn home(&self) -> Home {
        self.home_at(&self.registry_host)
    }

    fn home_at(&self, registry: &str) -> Home {
        let home = tempfile::tempdir_in(self.dir.path()).unwrap();
        Home::new(home.keep(), registry.to_owned(), self.logs())
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

fn registry_for(version: Version, dir: &Path, dockgate: &str, trust: &TrustFiles) -> (Process, String) {
    // By name: crane takes no realm at a private address.
    let realm = format!("http://{}/auth", dockgate.replace("127.0.0.1", "localhost"));
    let (registry, port) = registry::start(version, dir, &realm, trust)
        .unwrap_or_else(|log| panic!("{version:?} does not start:\n{log}"));
    (registry, format!("127.0.0.1:{port}"))
}
