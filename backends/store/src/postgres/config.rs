//! `store.postgres` as written.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use dockgate_api::config::secret::{self, Secret};
use dockgate_api::config::{GoDuration, KeyPath, Located, Remark, bounds};
use dockgate_api::{BuildContext, BuildError};
use schemars::JsonSchema;
use serde::Deserialize;

use super::settings::{Hidden, PostgresSettings};
use super::tls::{self, TlsConfig};

const PORT: u16 = 5432;
const SCHEMA: &str = "dockgate";
/// Of what `PostgreSQL` calls a name, in bytes.
const LONGEST_NAME: usize = 63;

/// `store.postgres`. There is no URL on purpose: a password in one ends up in logs and lists of processes.
#[derive(Deserialize, JsonSchema)]
pub struct PostgresConfig {
    /// A host's name or address, or the directory of its Unix socket: one that begins with `/`.
    #[schemars(with = "String")]
    host: Located<String>,
    /// 5432 if not given; a part of the socket's name too.
    #[schemars(with = "Option<u16>")]
    port: Option<Located<u16>>,
    /// The database; it must be there.
    #[schemars(with = "String")]
    database: Located<String>,
    /// The role that logs in.
    #[schemars(with = "String")]
    user: Located<String>,
    /// Its password; none is needed where the server believes a certificate or a Unix socket.
    #[schemars(with = "Option<String>")]
    password: Option<Located<Secret>>,
    /// A file that holds it, in place of `password`.
    #[schemars(with = "Option<String>")]
    password_file: Option<Located<PathBuf>>,
    /// The schema of the tables; `dockgate` if not given. Made if the role may.
    #[schemars(with = "Option<String>")]
    schema: Option<Located<String>>,
    /// How TLS is spoken. If not given: `verify-full`, but none to this machine itself.
    tls: Option<Located<TlsConfig>>,
    /// Connections at most; 10 if not given.
    #[serde(default = "connections", deserialize_with = "bounds::number::<1, 1_000, _, _>")]
    #[schemars(range(min = 1, max = 1_000))]
    max_connections: usize,
    /// How long things may take.
    #[serde(default)]
    timeouts: TimeoutsConfig,
    /// Whether statements are prepared once for each connection; true if not given. False behind a pooler that hands out
    /// connections for a transaction and does not know prepared statements (pgbouncer before 1.21).
    #[serde(default = "yes")]
    prepared_statements: bool,
}

/// The section `timeouts`.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(default)]
struct TimeoutsConfig {
    /// For the name, the connection, TLS and the login; 3s if not given.
    #[serde(deserialize_with = "bounds::time")]
    connect: GoDuration,
    /// For a whole question, with what comes before it; 5s if not given. A request that has less time left waits no longer.
    #[serde(deserialize_with = "bounds::time")]
    answer: GoDuration,
}

impl Default for TimeoutsConfig {
    fn default() -> Self {
        let seconds = |seconds| GoDuration(Duration::from_secs(seconds));
        Self { connect: seconds(3), answer: seconds(5) }
    }
}

fn connections() -> usize {
    10
}

fn yes() -> bool {
    true
}

impl PostgresConfig {
    /// What the section says, secrets read.
    ///
    /// # Errors
    /// What is wrong with it, by the ways from `store`.
    pub(crate) fn settings(self, cx: &BuildContext) -> Result<PostgresSettings, BuildError> {
        self.read(cx).map_err(|errors| errors.below(&section()))
    }

    fn read(self, cx: &BuildContext) -> Result<PostgresSettings, BuildError> {
        let mut errors = BuildError::none();
        if self.host.value.is_empty() || self.host.value.contains("://") {
            let message = "write a host's name, its address, or the directory of a Unix socket; port, database, user and \
                           password have keys of their own";
            errors.add(at(&self.host, "host", message));
        }
        for (value, key) in [(&self.database, "database"), (&self.user, "user")] {
            if value.value.is_empty() {
                errors.add(at(value, key, "must not be empty"));
            }
        }
        if let Some(port) = self.port.as_ref().filter(|port| port.value == 0) {
            errors.add(at(port, "port", "write a port between 1 and 65535"));
        }
        if let Some(schema) = self.schema.as_ref().filter(|schema| !is_plain(&schema.value)) {
            let message = "write a name of lower-case letters, digits and `_`, which begins with a letter, of at most 63";
            errors.add(at(schema, "schema", message));
        }
        let password = secret::find("password", (self.password, self.password_file), cx, &mut errors);
        let tls = tls::build(self.tls, reach(&self.host.value), cx, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(PostgresSettings {
            host: self.host.value,
            port: self.port.map_or(PORT, |port| port.value),
            database: self.database.value,
            user: self.user.value,
            password: password.map(|found| Hidden(found.secret)),
            schema: self.schema.map_or_else(|| SCHEMA.to_owned(), |schema| schema.value),
            tls,
            max_connections: self.max_connections,
            connect_timeout: self.timeouts.connect.0,
            timeout: self.timeouts.answer.0,
            prepared_statements: self.prepared_statements,
        })
    }
}

/// Over what a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Socket,
    Loopback,
    Network,
}

fn reach(host: &str) -> Reach {
    let address: Option<IpAddr> = host.parse().ok();
    match address {
        _ if host.starts_with('/') => Reach::Socket,
        Some(address) if address.is_loopback() => Reach::Loopback,
        None if host == "localhost" => Reach::Loopback,
        _ => Reach::Network,
    }
}

/// Such a name means the same with quotation marks and without.
fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    name.len() <= LONGEST_NAME
        && letters.next().is_some_and(|first| first.is_ascii_lowercase() || first == '_')
        && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

/// Where this stands in the section `store`.
pub(super) fn section() -> KeyPath {
    KeyPath::root().key("postgres")
}

/// What there is to say of one key of this section.
pub(super) fn at<T>(value: &Located<T>, key: &str, message: impl Into<String>) -> Remark {
    let path = key.split('.').fold(KeyPath::root(), |path, key| path.key(key));
    Remark::new(value.location.clone(), path, message)
}
