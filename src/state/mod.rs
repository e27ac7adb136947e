//! Everything that one configuration makes. A reload makes a new one beside the old.

mod assembly;
mod bans;
mod deciding;
mod explain;
mod front;
mod gate;
mod keeper;
mod lasting;
mod ldap_test;
mod load;
mod offline;
mod parts;
mod request_ids;
mod signing;
mod store;
mod token_db;
mod tokens;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use dockgate_api::config::Problem;
use dockgate_api::{Clock, Random, RequestId};
use dockgate_store::StoreHandle;

pub use bans::{BanList, BanShown, LiftRequest, LiftedBans};
pub use explain::ExplainRequest;
pub use keeper::{keep_keys, watch_store};
pub use lasting::{Lasting, Phase};
pub use ldap_test::{LdapTest, ldap_test};
pub use load::{Loaded, Refused, build, load, load_beside};
pub use offline::{Seen, check_offline};
pub use signing::{Findings, ListedKey, LoadedKey, RetiredKey, ServiceProfile, Signing, Standing};
pub(crate) use tokens::NO_STORE;
pub use tokens::{CreatedToken, CredentialList, NotDone, Revoked, TokenRequest, WhichCredentials};

use crate::access::Access;
use crate::acme;
use crate::config::Source;
use crate::config::log::LogConfig;
use crate::config::server::{Limits, ServerConfig};
use crate::gate::Gate;
use crate::live::Live;
use crate::logging::Seldom;
use crate::login::Login;
use crate::metrics::{GateMeter, MemoryMetrics};
use crate::net::Door;
use crate::outside::{Outside, TokioSpawner};
use crate::sign_ins::SignIns;
use request_ids::RequestIds;
use signing::SigningPlan;
use store::ConfiguredStore;

/// A server's state under one configuration.
pub struct State {
    server: ServerConfig,
    log: LogConfig,
    access: Access,
    plan: SigningPlan,
    signing: Live<Signing>,
    /// What was found of the keys when they were loaded.
    key_findings: Findings,
    limits: Arc<Limits>,
    store: Option<ConfiguredStore>,
    login: Option<Arc<Login>>,
    gate: Option<OpenGate>,
    doors: Vec<Door>,
    acme: Option<acme::Loaded>,
    request_ids: RequestIds,
    outside: Outside,
    lasting: Lasting,
    /// Whose change may change what is here, beside the signing keys.
    files: Vec<PathBuf>,
    config_hash: Arc<str>,
    /// Ends the backends' tasks when the state goes.
    _spawner: Arc<TokioSpawner>,
}

/// A gate, and what is counted there.
pub struct OpenGate {
    /// The gate.
    pub gate: Gate,
    /// Counts questions.
    pub meter: GateMeter,
    /// Tells of accounts whose groups no header holds.
    pub(crate) cut_short: Seldom,
}

impl State {
    /// Decides requests.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// What signs now: the keys may change while the server runs.
    pub fn signing(&self) -> Arc<Signing> {
        self.signing.load()
    }

    /// The `iss` of every token.
    pub fn issuer(&self) -> &str {
        self.plan.issuer()
    }

    /// The path before every route.
    pub fn prefix(&self) -> &str {
        self.server.prefix()
    }

    /// Bounds on requests and connections.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// Where to listen.
    pub fn server(&self) -> &ServerConfig {
        &self.server
    }

    /// Has the log of the process written as this configuration says.
    pub(crate) fn follow_log(&self) {
        self.outside.log.follow(&self.log);
    }

    /// How to log.
    pub fn log(&self) -> &LogConfig {
        &self.log
    }

    /// The doors for clients, the first one first.
    pub fn doors(&self) -> &[Door] {
        &self.doors
    }

    /// The store, if there is one.
    pub fn store(&self) -> Option<&Arc<StoreHandle>> {
        self.store.as_ref().map(|store| &store.handle)
    }

    /// Opens the store, if there is one: what serves does, and nothing that only looks at a configuration.
    ///
    /// # Errors
    /// Why it cannot be opened: another process has it, it is damaged, or the key beside it is no good.
    pub fn open_store(&self) -> Result<(), Vec<Problem>> {
        let Some(store) = &self.store else { return Ok(()) };
        store.open()?;
        self.access.sign_ins().map_or(Ok(()), SignIns::open).map_err(|message| store.problem(message))
    }

    /// The page where people sign in through a browser; none if no link signs people in.
    pub fn login(&self) -> Option<&Arc<Login>> {
        self.login.as_ref()
    }

    /// The gate for a proxy's questions, if there is one.
    pub fn gate(&self) -> Option<&OpenGate> {
        self.gate.as_ref()
    }

    /// The certificate that an authority issues, if the configuration wants one.
    pub fn acme(&self) -> Option<&acme::Loaded> {
        self.acme.as_ref()
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        self.outside.clock.as_ref()
    }

    /// The time of day.
    pub fn now(&self) -> SystemTime {
        self.outside.clock.now()
    }

    /// The id of one more request.
    pub fn next_request_id(&self) -> RequestId {
        self.request_ids.next()
    }

    /// What is counted.
    pub fn metrics(&self) -> &Arc<MemoryMetrics> {
        &self.outside.metrics
    }

    /// What outlives this configuration.
    pub fn lasting(&self) -> &Lasting {
        &self.lasting
    }

    /// The files of the configuration, those that it includes, secrets, and the server's certificate and key. Signing keys
    /// are looked after by [`keep_keys`], files of backends by these.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Whether a file says what this state was made of; false too if it cannot be read.
    pub fn is_of(&self, file: &Path) -> bool {
        Source::read(file, self.outside.environment.as_ref())
            .is_ok_and(|source| source.hash == self.config_hash)
    }

    /// Which configuration this is: see [`Source::hash`](crate::config::Source::hash).
    pub fn config_hash(&self) -> &Arc<str> {
        &self.config_hash
    }

    /// Randomness.
    pub fn random(&self) -> &dyn Random {
        self.outside.random.as_ref()
    }
}
