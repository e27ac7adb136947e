//! A server whose people sign in at providers.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::poll;
use crate::support::{Ask, PATIENCE, Setup, TestServer};

/// Where browsers reach the server.
pub(super) const PUBLIC: &str = "https://auth.example.com";
/// The client that every provider knows.
pub(super) const CLIENT: &str = "dockgate";
/// Its secret; no answer and no log may hold it.
pub(super) const SECRET: &str = "client-secret-canary";
/// What holds for every link here: how long an answer counts, and how long beyond that.
pub(super) const TERMS: &str = "revalidate_after: 10m, revalidate_grace: 5m";
/// A moment longer than an answer counts.
pub(super) const DUE: Duration = Duration::from_secs(601);

/// Rights that follow labels: who is in a team or group pushes below it, and everybody who signed in pulls `public/*`.
const RULES: &str = "
- acl:
  - {match: {name: \"${labels:teams}/*\"}, actions: [pull, push]}
  - {match: {name: \"${labels:groups}/*\"}, actions: [pull, push]}
  - {match: {name: \"public/*\"}, actions: [pull]}";

/// The callback of a route.
pub(super) fn callback(route: &str) -> String {
    format!("{PUBLIC}{route}")
}

/// A server in this process, and its audit log.
pub(super) struct Site {
    pub(super) server: TestServer,
    directory: TempDir,
}

impl Site {
    /// With these links, each a section with what belongs to it: `github_auth: {…}`, `name: …`.
    pub(super) fn new(links: &[String]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let audit = directory.path().join("audit.log");
        let links: String = links.iter().map(|link| format!("- {}\n", link.replace('\n', "\n  "))).collect();
        let text = format!(
            "audit: {{to: \"{}\"}}\nlogin: {{public_url: \"{PUBLIC}\"}}\nauthn:\n{links}authz:{RULES}",
            audit.display()
        );
        Self { server: TestServer::of(Setup::new(text).refreshing("{}")), directory }
    }

    /// What somebody gets for a scope: what is granted, or the status.
    pub(super) fn access(&self, account: &str, password: &str, scope: &str) -> Result<Vec<String>, u16> {
        let answer = self.server.ask(&Ask::auth().basic((account, password)).scope(scope));
        if answer.status == 200 { Ok(self.server.read(&answer).access()) } else { Err(answer.status) }
    }

    /// The line of the audit log of an event that says all of this, once it is there. The names are JSON pointers.
    pub(super) fn audit(&self, event: &str, says: &[(&str, &str)]) -> Value {
        let fits = |line: &Value| {
            let is_said =
                |(pointer, text): &(&str, &str)| line.pointer(pointer).is_some_and(|found| found == text);
            line["event"] == event && says.iter().all(is_said)
        };
        let found = poll(PATIENCE, || self.audited().into_iter().find(fits));
        found.unwrap_or_else(|| panic!("no {event} with {says:?}: {:#?}", self.audited()))
    }

    fn audited(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.directory.path().join("audit.log")).unwrap_or_default();
        assert!(!text.contains(SECRET), "{text}");
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

/// A file that outlives the test's configuration.
pub(super) fn written(directory: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}
