//! How a server is configured.

use std::path::Path;
use std::sync::Arc;

use dockgate::Backends;
use dockgate::config::Source;
use dockgate::logging::Log;
use dockgate::outside::{MemoryMetrics, Outside};
use dockgate::state::{self, Loaded};
use dockgate_api::config::Problem;
use dockgate_testkit::fakes::{RepeatableRandom, TurnableClock, noon};
use tempfile::TempDir;

use super::script_authn::AuthnScript;
use super::script_authz::AuthzScript;
use super::signing::SigningFiles;

/// The text of a configuration, in parts, and what it is read with.
pub(crate) struct Setup {
    chains: String,
    server: String,
    token: String,
    issuer: String,
    addr: String,
    signing: SigningFiles,
    keys: Option<String>,
    store: bool,
    backends: Backends,
    lasting: state::Lasting,
    seed: u64,
}

/// A state, what surrounds it, and the directory where its files are.
pub(super) struct Made {
    pub(super) loaded: Loaded,
    pub(super) clock: Arc<TurnableClock>,
    pub(super) metrics: Arc<MemoryMetrics>,
    pub(super) directory: TempDir,
}

/// The built-in backends and the scripted ones, under the keys `script_authn` and `script_authz`.
fn scripts() -> Backends {
    Backends::builtin().authenticator::<AuthnScript>("script_authn").authorizer::<AuthzScript>("script_authz")
}

impl Setup {
    /// A server with these top-level sections (`users: …`, `acl: …` or lists) and a new EC key.
    pub(crate) fn new(chains: impl Into<String>) -> Self {
        Self {
            chains: chains.into(),
            server: String::new(),
            token: String::new(),
            issuer: "test-issuer".to_owned(),
            addr: "127.0.0.1:0".to_owned(),
            signing: SigningFiles::EcGenerated,
            keys: None,
            store: false,
            backends: scripts(),
            lasting: state::Lasting::default(),
            seed: 1,
        }
    }

    /// More keys of `server`, as lines without indentation.
    pub(crate) fn server(mut self, lines: &str) -> Self {
        self.server.push_str(&indented(lines));
        self
    }

    /// More keys of `token`, as lines without indentation.
    pub(crate) fn token(mut self, lines: &str) -> Self {
        self.token.push_str(&indented(lines));
        self
    }

    /// With a store in a file, and refresh tokens.
    pub(crate) fn refreshing(mut self, terms: &str) -> Self {
        self.store = true;
        self.token(&format!("refresh: {terms}"))
    }

    /// Another issuer than `test-issuer`.
    pub(crate) fn issuer(mut self, issuer: &str) -> Self {
        issuer.clone_into(&mut self.issuer);
        self
    }

    /// Another address than a free port of 127.0.0.1.
    pub(crate) fn addr(mut self, addr: &str) -> Self {
        addr.clone_into(&mut self.addr);
        self
    }

    /// Another signing pair.
    pub(crate) fn signing(mut self, signing: SigningFiles) -> Self {
        self.signing = signing;
        self
    }

    /// With backends of the test's own.
    pub(crate) fn backends(mut self, add: impl FnOnce(Backends) -> Backends) -> Self {
        self.backends = add(self.backends);
        self
    }

    /// Beside another server of the process, whose stores it shares; with randomness of its own.
    pub(crate) fn beside(mut self, lasting: state::Lasting) -> Self {
        (self.lasting, self.seed) = (lasting, self.seed + 1);
        self
    }

    /// Other keys of `token` than `certificate` and `key`, as lines without indentation; `{setup}` is the directory of
    /// `sign.crt` and `sign.key`.
    pub(crate) fn keys(mut self, lines: &str) -> Self {
        self.keys = Some(indented(lines));
        self
    }

    fn text(&self, directory: &Path) -> String {
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let file = |name: &str| quoted(directory.join(name).to_str().unwrap());
        let pair = || format!("  certificate: {}\n  key: {}\n", file("sign.crt"), file("sign.key"));
        let keys = self.keys.as_ref().map(|keys| keys.replace("{setup}", directory.to_str().unwrap()));
        let store = if self.store { format!("store: {{file: {}}}\n", file("store")) } else { String::new() };
        format!(
            "\
server:
  addr: {addr}
{server}token:
  issuer: {issuer}
  expiration: 900
{keys}{token}{store}{chains}
",
            addr = quoted(&self.addr),
            server = self.server,
            issuer = quoted(&self.issuer),
            keys = keys.unwrap_or_else(pair),
            token = self.token,
            chains = self.chains,
        )
    }

    /// Makes everything of it; a test whose configuration has problems ends here. Call it within a runtime.
    pub(super) fn make(self) -> Made {
        let directory = tempfile::tempdir().unwrap();
        self.signing.write(directory.path());
        let clock = Arc::new(TurnableClock::at(noon()));
        let metrics = Arc::new(MemoryMetrics::default());
        let outside = Outside {
            clock: Arc::clone(&clock) as _,
            random: Arc::new(RepeatableRandom::seeded(self.seed)),
            environment: Arc::new(|_| None),
            log: Log::new(Arc::clone(&clock) as _, metrics.as_ref()),
            metrics: Arc::clone(&metrics),
        };
        let text = self.text(directory.path());
        let shown =
            |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n");
        let source = Source::parse("test.yml", &text, directory.path(), outside.environment.as_ref());
        let source = source.unwrap_or_else(|problems| panic!("{}\n{text}", shown(problems)));
        let built = state::build(&source, &self.backends, &outside, &self.lasting);
        let loaded = built.unwrap_or_else(|problems| panic!("{}\n{text}", shown(problems)));
        loaded.state.open_store().unwrap_or_else(|problems| panic!("{}\n{text}", shown(problems)));
        Made { loaded, clock, metrics, directory }
    }
}

fn indented(lines: &str) -> String {
    lines.lines().flat_map(|line| ["  ", line, "\n"]).collect()
}
