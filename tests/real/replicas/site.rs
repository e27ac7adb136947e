//! Two servers with one store, nginx before them, and a registry that sends its clients there.

use std::path::Path;
use std::thread;

use tempfile::TempDir;

use super::PATIENCE;
use super::asking::Ask;
use super::front::Front;
use super::replica::{self, Replica};
use super::shared::{Kind, Shared};
use crate::client::{Client, Home};
use crate::clients::crane::Crane;
use crate::components::{self, CRANE, NGINX};
use crate::harness::logs::Logs;
use crate::harness::poll;
use crate::harness::process::Process;
use crate::registry::{self, TrustFiles, VERSIONS};

pub(super) struct Site {
    pub(super) front: Front,
    pub(super) replicas: [Replica; 2],
    registry: Process,
    registry_host: String,
    pub(super) store: Shared,
    // Behind the servers: fields drop in order, and they write into it.
    dir: TempDir,
}

impl Site {
    /// `None` if a component is missing: the test has nothing to say.
    pub(super) fn start(kind: Kind) -> Option<Self> {
        let version = VERSIONS[0];
        if !components::installed(&[NGINX, CRANE, version.component]) {
            return None;
        }
        let store = Shared::start(kind)?;
        let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
        replica::prepare(dir.path());
        let section = store.section();
        let replicas = ["replica-0", "replica-1"].map(|name| Replica::start(dir.path(), name, &section));
        let front = Front::start(dir.path(), replicas.each_ref().map(|replica| replica.port));
        let trust = TrustFiles { bundle: Some(dir.path().join("keys/bundle.pem")), jwks: None };
        let (registry, port) = registry::start(version, dir.path(), &front.realm(), &trust)
            .unwrap_or_else(|log| panic!("{version:?} does not start:\n{log}"));
        Some(Self { front, replicas, registry, registry_host: format!("127.0.0.1:{port}"), store, dir })
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A client of the registry that nobody has used yet.
    pub(super) fn crane(&self) -> Crane {
        let home = tempfile::tempdir_in(self.dir()).unwrap().keep();
        Crane::at(Home::new(home, self.registry_host.clone(), self.logs()))
    }

    pub(super) fn logs(&self) -> Logs {
        let [one, other] = self.replicas.each_ref().map(Replica::log_file);
        Logs(vec![one, other, self.front.log_file(), self.registry.log_file().to_owned()])
    }

    /// Waits until both servers have their store.
    pub(super) fn is_served(&self, token: &str) {
        let served = poll(PATIENCE, || {
            let good = |replica: &Replica| replica.ask("203.0.113.1", &Ask::Refresh(token)).status == 200;
            self.replicas.iter().all(good).then_some(())
        });
        assert!(served.is_some(), "the store does not come back:\n{}", self.logs());
    }

    /// Each refresh token is good, at one of the servers or the other.
    pub(super) fn all_work(&self, tokens: &[String]) {
        let hosts = self.replicas.each_ref().map(Replica::host);
        all_work(&[&hosts[0], &hosts[1]], tokens);
    }
}

/// Each refresh token is good, at one of the servers or another.
pub(super) fn all_work(hosts: &[&str], tokens: &[String]) {
    let each = tokens.len().div_ceil(4).max(1);
    thread::scope(|scope| {
        for tokens in tokens.chunks(each) {
            scope.spawn(move || {
                for (token, host) in tokens.iter().zip(hosts.iter().cycle()) {
                    let answer = Ask::Refresh(token).of(host, "203.0.113.1").unwrap();
                    assert_eq!(answer.status, 200, "it was answered and is lost: {answer:?}");
                }
            });
        }
    });
}
