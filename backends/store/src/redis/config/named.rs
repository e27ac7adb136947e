//! The same, as another section says it: what its keys are called there.

use std::time::Duration;

use dockgate_api::config::secret::Secret;
use dockgate_api::config::{GoDuration, KeyPath, Located};

use super::tls::{TlsConfig, TlsKeys};
use super::{RedisConfig, TimeoutsConfig};
use crate::redis::durability::Durability;

/// Where a Redis is, as a section with the options of the Go client says it (docker_auth's `redis_token_db`).
///
/// What is wrong with it is told by the ways from that section. docker_auth asks no promises of its Redis, so it is
/// written to whatever it promises to keep.
#[derive(Default)]
pub struct OfGoRedis {
    /// Where a single Redis is.
    pub addr: Option<Located<String>>,
    /// Members of a cluster, in its place.
    pub addrs: Vec<Located<String>>,
    /// The ACL user.
    pub username: Option<Located<String>>,
    /// Its password.
    pub password: Option<Located<Secret>>,
    /// Which of its databases.
    pub db: Option<Located<u16>>,
    /// Whether TLS is spoken, with whom the site's authorities vouch for: the place of the mapping, and the name that the
    /// certificate must be for if not the address's host.
    pub tls: Option<Located<Option<Located<String>>>>,
    /// For the connection; 5 seconds if not given.
    pub connect: Option<Duration>,
    /// For one question; 3 seconds if not given.
    pub answer: Option<Duration>,
}

/// What the section calls its keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Names {
    /// As `store.redis` does.
    #[default]
    Ours,
    /// As the Go client does for a single Redis.
    Go,
    /// As it does for a cluster.
    GoCluster,
}

impl From<OfGoRedis> for RedisConfig {
    fn from(go: OfGoRedis) -> Self {
        let names = if go.addr.is_some() { Names::Go } else { Names::GoCluster };
        let tls = |tls: Located<Option<Located<String>>>| {
            let keys = Box::new(TlsKeys::named(tls.value));
            Located { location: tls.location, index: tls.index, value: TlsConfig::Keys(keys) }
        };
        Self {
            names,
            addr: go.addr,
            cluster: go.addrs,
            username: go.username.filter(|username| !username.value.is_empty()),
            password: go.password,
            password_file: None,
            database: go.db,
            tls: go.tls.map(tls),
            prefix: None,
            timeouts: TimeoutsConfig {
                connect: GoDuration(go.connect.unwrap_or(Duration::from_secs(5))),
                answer: GoDuration(go.answer.unwrap_or(Duration::from_secs(3))),
            },
            durability: Durability::BestEffort,
        }
    }
}

impl Names {
    /// The way to the section, from the one around it.
    pub(super) fn section(self) -> KeyPath {
        match self {
            Self::Ours => KeyPath::root().key("redis"),
            Self::Go => KeyPath::root().key("redis_token_db").key("redis_options"),
            Self::GoCluster => KeyPath::root().key("redis_token_db").key("redis_cluster_options"),
        }
    }

    /// The way to what `store.redis` calls so.
    pub(super) fn key(self, ours: &str) -> KeyPath {
        let name = match (self, ours) {
            (Self::Ours, name) => name,
            (_, "cluster") => "addrs",
            (_, "database") => "db",
            (_, "tls") => "tlsconfig",
            (_, name) => name,
        };
        KeyPath::root().key(name)
    }

    /// The way to the name that a certificate must be for.
    pub(super) fn server_name(self) -> KeyPath {
        self.key("tls").key(if self == Self::Ours { "server_name" } else { "servername" })
    }

    pub(super) fn missing_address(self) -> &'static str {
        match self {
            Self::Ours => "say where Redis is: `addr: HOST:PORT`, or `cluster: [HOST:PORT, …]`",
            Self::Go => "say where Redis is: `addr: HOST:PORT`",
            Self::GoCluster => "say where Redis is: `addrs: [HOST:PORT, …]`",
        }
    }

    pub(super) fn missing_password(self) -> &'static str {
        match self {
            Self::Ours => "its password is missing: write `password_file: FILE`",
            Self::Go | Self::GoCluster => "its password is missing: write `password`",
        }
    }

    pub(super) fn misplaced_socket(self) -> &'static str {
        match self {
            Self::Ours => "a socket is for one Redis on this machine: without `tls`, and with `addr`",
            Self::Go | Self::GoCluster => {
                "a socket is for one Redis on this machine: without `tlsconfig`, and with `redis_options.addr`"
            }
        }
    }

    pub(super) fn unprotected(self) -> &'static str {
        match self {
            Self::Ours => {
                "whoever is on the way reads the password and can change what is kept: write `tls: true`, or \
                 `tls: {ca_certificate: FILE}`"
            }
            Self::Go | Self::GoCluster => {
                "whoever is on the way reads the password and can change what is kept: write `tlsconfig: {}`"
            }
        }
    }

    /// What to say of an address that cannot be read.
    pub(super) fn wrong_address(self, ours: &'static str) -> &'static str {
        match self {
            Self::Go | Self::GoCluster if ours.contains("URL") => {
                "this is a URL: write `HOST:PORT`, and what else it says with `password`, `db` and `tlsconfig`"
            }
            _ => ours,
        }
    }
}
