//! Everything that a connection is made of.

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_api::{BuildError, Store};
use rustls::ClientConfig;
use tokio::runtime::Handle;

use super::address::Address;
use super::durability::Durability;
use super::store::RedisStore;

/// What the section says, checked. Two that are equal are the same store.
#[derive(PartialEq)]
pub struct RedisSettings(pub(super) Arc<Details>);

/// Where it is, and how it is spoken to.
#[derive(PartialEq)]
pub(super) struct Details {
    pub(super) addresses: Vec<Address>,
    pub(super) is_cluster: bool,
    pub(super) login: Login,
    pub(super) database: u16,
    pub(super) tls: Option<Tls>,
    pub(super) prefix: String,
    pub(super) timeouts: Timeouts,
    pub(super) durability: Durability,
}

/// Who logs in.
pub(super) struct Login {
    pub(super) username: Option<String>,
    pub(super) password: Option<SecretString>,
}

/// How long things may take.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Timeouts {
    /// For the name, the connection, TLS and the login.
    pub(super) connect: Duration,
    /// For one question.
    pub(super) answer: Duration,
}

/// How TLS is spoken.
pub(super) struct Tls {
    pub(super) config: Arc<ClientConfig>,
    /// The name that certificates must be for, if not the address's host.
    pub(super) server_name: Option<String>,
    pub(super) made_of: TlsFiles,
}

/// Authorities, certificate, key, and the site's authorities: what another configuration is compared by.
pub(super) type TlsFiles = (Option<Vec<u8>>, Option<Vec<u8>>, Option<SecretString>, Vec<Vec<u8>>);

impl RedisSettings {
    /// Begins to connect.
    pub(crate) fn open(&self) -> Result<Arc<dyn Store>, BuildError> {
        let runtime = Handle::try_current()
            .map_err(|_| BuildError::new("Redis can be connected to by a running server only"))?;
        Ok(Arc::new(RedisStore::open(Arc::clone(&self.0), &runtime)))
    }
}

impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        self.username == other.username && is_same(self.password.as_ref(), other.password.as_ref())
    }
}

impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        let (authorities, certificate, key, site) = &self.made_of;
        let (others, its_certificate, its_key, its_site) = &other.made_of;
        self.server_name == other.server_name
            && (authorities, certificate, site) == (others, its_certificate, its_site)
            && is_same(key.as_ref(), its_key.as_ref())
    }
}

fn is_same(one: Option<&SecretString>, other: Option<&SecretString>) -> bool {
    one.map(ExposeSecret::expose_secret) == other.map(ExposeSecret::expose_secret)
}
