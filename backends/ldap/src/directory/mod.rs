//! The servers of one directory, and the connections to them.

use std::time::Duration;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, Call, async_trait};

use crate::wire::{Dialer, Endpoint, Found, Search, Security};

/// All that a directory is made of.
pub(crate) struct Settings {
    pub(crate) servers: Servers,
    pub(crate) order: Order,
    pub(crate) dialer: Dialer,
    pub(crate) service: Service,
    pub(crate) referrals: Referrals,
    pub(crate) timeouts: Timeouts,
    pub(crate) pool: PoolBounds,
}

/// Which servers there are.
pub(crate) enum Servers {
    /// These.
    Listed(Vec<Endpoint>),
    /// Those that the records of `_ldap._tcp.DOMAIN` name (RFC 2782), looked up while the server runs.
    Srv { domain: String, security: Security },
}

/// In which order they are asked. SRV records carry their own (priority and weight).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The first that answers.
    Listed,
    /// Each as often as the others.
    Random,
}

/// Who searches.
pub(crate) enum Service {
    /// An account of its own.
    Account { name: String, password: SecretString },
    /// Nobody: the directory lets everybody search.
    Anonymous,
}

/// What is made of references to other servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Referrals {
    Ignore,
    /// Asked, by the same account and with the same protection.
    Follow,
}

/// How long each part may take, within the deadline of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// Name lookup, connection, TLS.
    pub(crate) connect: Duration,
    pub(crate) bind: Duration,
    pub(crate) search: Duration,
}

/// Bounds of the pools; each server has two, one for searches of the service account and one for binds of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PoolBounds {
    /// Connections of one pool.
    pub(crate) max_connections: usize,
    /// Questions that may wait for a connection; further ones get `Overloaded`.
    pub(crate) max_queue: usize,
    /// A connection that nobody used for so long is closed.
    pub(crate) idle_timeout: Duration,
    /// A connection this old is closed after its use.
    pub(crate) max_age: Duration,
}

/// Somebody who may search: the service account, or the user who just logged in.
#[async_trait]
pub(crate) trait Searcher: Send + Sync {
    /// Searches.
    ///
    /// # Errors
    /// If no server answered in time, or if the answer is a result code other than success. That the base does not exist
    /// (noSuchObject) is one.
    async fn search(&self, cx: &Call, search: &Search) -> Result<Found, BackendError>;
}
