//! A provider, the server, a registry behind it, and somebody's browser.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::chromium::{self, Browser};
use super::provider::{self, CLIENT, CLIENT_SECRET, Provider};
use crate::client::Home;
use crate::components::{self, Component};
use crate::dockgate;
use crate::harness::logs::Logs;
use crate::harness::process::Process;
use crate::keys::{Key, KeyFiles};
use crate::registry::{self, TrustFiles, Version};

/// What the provider is called on the page: text that must not become a tag.
pub(super) const TITLE: &str = "Test <ID>";
/// Stands in the configuration until the registry has a port.
const REGISTRY: &str = "registry.example.test";

/// Alice is in the team, and bob is not.
pub(super) fn people() -> Value {
    let person = |name: &str, groups: &[&str]| json!({"email": format!("{name}@example.test"), "email_verified": true, "groups": groups});
    json!({"alice": person("alice", &["team"]), "bob": person("bob", &[])})
}

/// The servers of one test.
pub(super) struct Site {
    pub(super) dockgate: Process,
    pub(super) port: u16,
    pub(super) registry: String,
    pub(super) provider: Provider,
    registry_server: Process,
    // Behind the servers: fields drop in order, and they write into it.
    dir: TempDir,
}

impl Site {
    /// `None` if a component is missing: the test has nothing to say.
    pub(super) fn start(version: Version, clients: &[Component]) -> Option<Self> {
        Self::with(version, clients, "", &provider::Options { rotates: true, ..provider::Options::default() })
    }

    /// With further keys of the provider's section, indented by six.
    pub(super) fn with(
        version: Version,
        clients: &[Component],
        keys: &str,
        options: &provider::Options,
    ) -> Option<Self> {
        Self::deciding(version, clients, options, &["/oidc_auth"], |issuer| chains(issuer, keys))
    }

    /// With chains of the test's own, made of the provider's issuer; people come back to these routes from it.
    pub(super) fn deciding(
        version: Version,
        clients: &[Component],
        options: &provider::Options,
        routes: &[&str],
        chains: impl FnOnce(&str) -> String,
    ) -> Option<Self> {
        if !components::installed(&[clients, &[version.component]].concat()) {
            return None;
        }
        let provider = Provider::start(&people(), options)?;
        let dir = tempfile::Builder::new().prefix("dockgate-sign-in-").tempdir().unwrap();
        let files = Key::EcP256.write(dir.path());
        let KeyFiles { certificate, key, .. } = &files;
        let [certificate, key] = [certificate, key].map(|file| file.display());
        let token = format!("  certificate: \"{certificate}\"\n  key: \"{key}\"\n");
        let chains = format!("{}{}", page_and_store(), chains(&provider.issuer));
        let (dockgate, port) = dockgate::serve_deciding(dir.path(), "dockgate", &token, &chains);
        let here = format!("http://127.0.0.1:{port}");
        let callbacks: Vec<String> = routes.iter().map(|route| format!("{here}{route}")).collect();
        provider.registers(&callbacks, &[format!("{here}/")]);
        let trust = TrustFiles { bundle: Some(files.trusted.clone()), jwks: None };
        let realm = format!("http://localhost:{port}/auth");
        let (process, registry_port) = registry::start(version, dir.path(), &realm, &trust)
            .unwrap_or_else(|log| panic!("{version:?} does not start:\n{log}"));
        let registry = format!("127.0.0.1:{registry_port}");
        let site = Self { dockgate, port, registry, provider, registry_server: process, dir };
        site.rewrite(|config| config.replace(REGISTRY, &site.registry));
        Some(site)
    }

    /// Changes the configuration, and has the server take it up.
    pub(super) fn rewrite(&self, change: impl FnOnce(&str) -> String) {
        let file = self.dir.path().join("dockgate.yml");
        fs::write(&file, change(&fs::read_to_string(&file).unwrap())).unwrap();
        dockgate::run(self.dir.path(), &["reload", "dockgate.yml"]).succeeds();
    }

    /// A page of the server.
    pub(super) fn page(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A place for a client, which takes the registry without TLS as if its owner had said so.
    pub(super) fn home(&self) -> Home {
        let dir = tempfile::tempdir_in(self.dir.path()).unwrap().keep();
        let registries = dir.join(".config/containers");
        fs::create_dir_all(&registries).unwrap();
        let insecure = format!("[[registry]]\nlocation = \"{}\"\ninsecure = true\n", self.registry);
        fs::write(registries.join("registries.conf"), insecure).unwrap();
        Home::new(dir, self.registry.clone(), self.logs())
    }

    /// A browser at the first page.
    pub(super) fn browser(&self, options: &chromium::Options) -> Option<Browser> {
        let browser = Browser::start(options)?;
        browser.open(&self.page("/"));
        Some(browser)
    }

    pub(super) fn logs(&self) -> Logs {
        Logs([&self.dockgate, &self.registry_server].map(|server| server.log_file().to_owned()).to_vec())
    }
}

fn page_and_store() -> String {
    format!(
        "store: {{file: store, recheck: 0s}}
login:
  title: \"Acme registry\"
  registries: [\"{REGISTRY}\"]
"
    )
}

/// A link of the kind `oidc_auth`, with further keys indented by six.
pub(super) fn oidc_link(issuer: &str, title: &str, keys: &str) -> String {
    format!(
        "  - oidc_auth:
      issuer: \"{issuer}\"
      client_id: \"{CLIENT}\"
      client_secret: \"{CLIENT_SECRET}\"
      title: \"{title}\"
      scopes: [openid, email, groups, offline_access]
      prompt: consent
      email_domains: [example.test]
      groups: {{}}
      logout: true
{keys}"
    )
}

fn chains(issuer: &str, keys: &str) -> String {
    format!(
        "authn:
{}authz:
  - acl:
      - match: {{name: \"team/*\", labels: {{groups: team}}}}
        actions: [\"*\"]
      - match: {{name: \"team/*\"}}
        actions: [pull]
",
        oidc_link(issuer, TITLE, keys)
    )
}
