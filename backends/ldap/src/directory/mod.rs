//! The servers of one directory, and the connections to them.
//!
//! Each server has two pools of connections: one on which the service account is bound and searches, and one whose
//! connections are bound anew for each user. A question goes to the first server that is well; one that fails rests, and is
//! tried again in the background while the others are asked.

mod fleet;
mod health;
mod keeper;
mod memory;
mod meter;
mod notes;
mod pool;
mod referral;
mod rest;
mod round;
mod server;
mod service;
mod session;
mod shared;
mod srv;
mod step;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, BuildContext, Call, async_trait};
use schemars::JsonSchema;
use serde::Deserialize;

use self::fleet::{Fleet, Roster};
use self::shared::Shared;
use crate::wire::{BindAnswer, Dialer, Endpoint, Found, Search, Security, is_password};

pub(crate) use self::session::UserSession;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Referrals {
    /// They are left out.
    #[default]
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
    /// (noSuchObject) is one, but for a search of that base alone, which then finds nothing.
    async fn search(&self, cx: &Call, search: &Search) -> Result<Found, BackendError>;
}

/// A directory: somebody to ask for entries, and whether a password is right.
pub(crate) struct Directory {
    fleet: Arc<Fleet>,
    referrals: Referrals,
}

impl Directory {
    /// A directory whose servers are looked after for as long as the configuration is in use. Nobody is connected to yet.
    pub(crate) fn start(settings: Settings, cx: &BuildContext) -> Arc<Self> {
        let Settings { servers, order, dialer, service, referrals, timeouts, pool } = settings;
        let shared = Arc::new(Shared::new(cx, dialer, service, timeouts, pool));
        let roster = Roster::new(&shared, servers, order);
        Self::of(Fleet::new(shared, roster), referrals, cx)
    }

    fn of(fleet: Fleet, referrals: Referrals, cx: &BuildContext) -> Arc<Self> {
        let fleet = Arc::new(fleet);
        cx.spawner().spawn("ldap_auth servers", Box::pin(keeper::keep(Arc::clone(&fleet), cx.clock())));
        Arc::new(Self { fleet, referrals })
    }

    /// Binds with a name and a password on a connection of the user pool. A result code other than success is an answer
    /// too. The session may search as the user; dropped, it gives the connection back.
    ///
    /// # Errors
    /// If no server answered in time. An empty name or an empty password is never sent: servers take such a bind for an
    /// anonymous one, and answer success (RFC 4513 section 5.1.2).
    pub(crate) async fn bind(
        &self,
        cx: &Call,
        name: &str,
        password: &SecretString,
    ) -> Result<(BindAnswer, UserSession), BackendError> {
        if name.is_empty() || !is_password(password) {
            return Err(BackendError::Protocol(
                "an empty name or password, or one with a NUL, is never sent to a directory".to_owned(),
            ));
        }
        let (answer, held) = self.fleet.bind(cx, name, password).await?;
        let session = UserSession::new(Arc::clone(&self.fleet), name, password, held);
        Ok((answer, session))
    }
}

#[async_trait]
impl Searcher for Directory {
    /// Searches as the service account.
    async fn search(&self, cx: &Call, search: &Search) -> Result<Found, BackendError> {
        let found = self.fleet.search(cx, search).await?;
        match self.referrals {
            Referrals::Follow if !found.references.is_empty() => {
                referral::follow(&self.fleet, cx, search, found).await
            }
            Referrals::Follow | Referrals::Ignore => here(found, search),
        }
    }
}

/// What was found, unless the server says that all of it is at another one.
///
/// # Errors
/// Then: an account that is elsewhere would look like one that is nowhere, and somebody's groups like none.
fn here(found: Found, search: &Search) -> Result<Found, BackendError> {
    if !found.elsewhere {
        return Ok(found);
    }
    let places = if found.references.is_empty() {
        "nobody says where".to_owned()
    } else {
        found.references.join(", ")
    };
    Err(BackendError::Protocol(format!(
        "the server does not have `{}`, another one does ({places}): write that one as `addr`, or `referrals: follow` if the \
         service account may show it its password",
        search.base
    )))
}

#[cfg(test)]
mod tests;
