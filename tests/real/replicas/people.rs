//! Servers where people sign in at a provider that takes each refresh token once: two with one store, or one with a file.

use std::sync::Arc;

use ::dockgate::outside::SystemClock;
use dockgate_testkit::provider::openid::OpenId;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::asking::login;
use super::replica::{self, Replica};
use super::shared::{Kind, Shared};
use crate::harness::logs::Logs;

/// What people call both servers.
pub(super) const PUBLIC: &str = "https://auth.example.test";
pub(super) const ROUTE: &str = "/oidc_auth";
const SECRET: &str = "a secret of the tests";
const HERE: &str = "203.0.113.7";

pub(super) struct People {
    pub(super) replicas: Vec<Replica>,
    pub(super) provider: OpenId,
    /// None for a file.
    pub(super) store: Option<Shared>,
    // Behind the servers: fields drop in order, and they write into it.
    dir: TempDir,
}

impl People {
    /// Everybody named is known to the provider by that name, in a group that only userinfo tells of. `None` if a component
    /// is missing: the test has nothing to say.
    pub(super) fn start(kind: Kind, names: &[&str], revalidate: [&str; 2]) -> Option<Self> {
        let store = Shared::start(kind)?;
        let section = store.section();
        Some(Self::with(Some(store), &section, &["replica-0", "replica-1"], names, revalidate))
    }

    /// The same at one server.
    pub(super) fn with_a_file(names: &[&str], revalidate: [&str; 2]) -> Self {
        Self::with(None, &("file", json!("store")), &["server"], names, revalidate)
    }

    fn with(
        store: Option<Shared>,
        section: &(&'static str, Value),
        servers: &[&str],
        names: &[&str],
        [after, grace]: [&str; 2],
    ) -> Self {
        let provider = OpenId::start();
        provider.follow(Arc::new(SystemClock));
        provider.client("dockgate", Some(SECRET), &[&format!("{PUBLIC}{ROUTE}")]);
        provider.userinfo_only(&["groups"]);
        for name in names {
            provider.user(name, json!({"preferred_username": name, "groups": ["team"]}));
        }
        let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
        replica::prepare(dir.path());
        let link = format!(
            "authn:\n  - oidc_auth:\n      issuer: \"{}\"\n      client_id: dockgate\n      client_secret: \"{SECRET}\"\n\
             \x20     user_claim: preferred_username\n      groups: {{}}\n      scopes: [openid, offline_access]\n\
             \x20     revalidate_after: {after}\n      revalidate_grace: {grace}\n",
            provider.issuer()
        );
        let started = servers.iter().map(|name| {
            Replica::start_with(dir.path(), name, section, |config| {
                let config = config.replace("authn:\n", &link).replace("store:\n", "store:\n  recheck: 0s\n");
                format!("login: {{public_url: \"{PUBLIC}\"}}\n{config}")
            })
        });
        Self { replicas: started.collect(), provider, store, dir }
    }

    pub(super) fn logs(&self) -> Logs {
        Logs(self.replicas.iter().map(Replica::log_file).collect())
    }

    /// How often new tokens were asked for.
    pub(super) fn renewals(&self) -> usize {
        let asked = self.provider.server().asked();
        asked.iter().filter(|asked| asked.field("grant_type").as_deref() == Some("refresh_token")).count()
    }

    /// What a server answers to an app password.
    pub(super) fn token(&self, server: usize, account: &str, password: &str) -> u16 {
        let asked = login(account, password).of(&self.replicas[server].host(), HERE);
        asked.unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.dir.path().display(), self.logs())).status
    }
}
