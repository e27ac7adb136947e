//! Signing in through a browser, and app passwords, in a whole server. The provider is a backend of the test's own, as
//! anybody could write one; what ours do with real providers is tested with them.

mod app_passwords;
mod attacks;
mod browser;
mod config;
mod device;
pub(crate) mod flow;
mod pages;
mod races;
mod sign_in;

use dockgate::state::Lasting;
use tempfile::TempDir;

use crate::support::{Setup, TestServer};
use browser::Browser;
use flow::FlowScript;

const CHAINS: &str = "\
authn:
- flow_auth: {title: Acme}
  name: github_auth
- flow_auth: {title: Other, issuer: 'https://other.example.com', logout: true}
  name: other
- flow_auth: {title: Broken, down: true}
  name: broken
- users: {}
authz:
- acl:
  - match: {account: alice}
    actions: ['*']
";

/// A server, and where its store is.
struct Site {
    server: TestServer,
    _store: TempDir,
    text: String,
}

impl Site {
    fn new() -> Self {
        Self::with("")
    }

    /// With more sections.
    fn with(sections: &str) -> Self {
        Self::of(&format!("{CHAINS}{sections}"), "")
    }

    /// With these sections and keys of `server`.
    fn of(sections: &str, server: &str) -> Self {
        let store = tempfile::tempdir().unwrap();
        let text = format!("{sections}store: {{file: \"{}\"}}\n", store.path().join("store").display());
        Self { server: TestServer::of(setup(&text).server(server)), _store: store, text }
    }

    /// Another server with the same store.
    fn replica(&self) -> TestServer {
        let lasting: Lasting = self.server.with_state(async |state| state.lasting().clone());
        TestServer::of(setup(&self.text).beside(lasting))
    }

    /// What a metric says.
    fn counted(&self, link: &str, outcome: &str) -> String {
        let name = format!("dockgate_sign_ins_total{{link=\"{link}\",outcome=\"{outcome}\"}} ");
        let text = self.server.metrics.text();
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap_or_else(|| panic!("no {name}: {text}")).to_owned()
    }

    fn browser(&self) -> Browser<'_> {
        Browser::of(&self.server)
    }

    /// A browser in which somebody is signed in.
    fn signed_in(&self, who: &str) -> Browser<'_> {
        let mut browser = self.browser();
        browser.sign_in("/github_auth", who);
        browser
    }
}

fn setup(text: &str) -> Setup {
    Setup::new(text).backends(|backends| backends.authenticator::<FlowScript>("flow_auth"))
}
