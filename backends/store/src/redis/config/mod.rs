//! `store.redis:` — where it is, and how it is spoken to.

mod tls;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dockgate_api::config::secret::{self, Secret};
use dockgate_api::config::{GoDuration, KeyPath, Located, Remark, bounds};
use dockgate_api::secrecy::ExposeSecret as _;
use dockgate_api::{BuildContext, BuildError};
use schemars::JsonSchema;
use serde::Deserialize;

use self::tls::TlsConfig;
use super::address::Address;
use super::durability::Durability;
use super::settings::{Details, Login, RedisSettings, Timeouts};

const PREFIX: &str = "dockgate:";
const LONGEST_PREFIX: usize = 64;

/// `store.redis` as written.
#[derive(Deserialize, JsonSchema)]
pub struct RedisConfig {
    /// Where it is: `HOST:PORT`, or the path of a socket.
    addr: Option<Located<String>>,
    /// Members of a Redis Cluster, each as `HOST:PORT`, in the place of `addr`; the others are found through them.
    #[serde(default)]
    cluster: Vec<Located<String>>,
    /// The ACL user; without it a password is the default user's.
    username: Option<Located<String>>,
    /// Its password.
    #[schemars(with = "Option<String>")]
    password: Option<Located<Secret>>,
    /// A file with its password.
    #[schemars(with = "Option<String>")]
    password_file: Option<Located<PathBuf>>,
    /// Which of its databases; 0 if not given. A cluster has one.
    #[serde(default)]
    database: Option<Located<u16>>,
    /// TLS: `true`, or a mapping.
    tls: Option<Located<TlsConfig>>,
    /// How all its keys begin; `dockgate:` if not given.
    prefix: Option<Located<String>>,
    /// How long things may take.
    #[serde(default)]
    timeouts: TimeoutsConfig,
    /// Whether to write where Redis does not promise to keep it; `required` if not given.
    #[serde(default)]
    durability: Durability,
}

/// The section `timeouts`.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(default)]
struct TimeoutsConfig {
    /// For the name, the connection, TLS and the login; 3s if not given.
    #[serde(deserialize_with = "bounds::time")]
    connect: GoDuration,
    /// For one question; 3s if not given.
    #[serde(deserialize_with = "bounds::time")]
    answer: GoDuration,
}

impl Default for TimeoutsConfig {
    fn default() -> Self {
        let seconds = |seconds| GoDuration(Duration::from_secs(seconds));
        Self { connect: seconds(3), answer: seconds(3) }
    }
}

impl RedisConfig {
    /// What the section says, secrets read.
    ///
    /// # Errors
    /// What is wrong with it, by the ways from `store`.
    pub(crate) fn settings(self, cx: &BuildContext) -> Result<RedisSettings, BuildError> {
        self.read(cx).map_err(|errors| errors.below(&section()))
    }

    fn read(self, cx: &BuildContext) -> Result<RedisSettings, BuildError> {
        let mut errors = BuildError::none();
        let is_cluster = !self.cluster.is_empty();
        let addresses = addresses(self.addr.as_ref(), &self.cluster, self.tls.as_ref(), cx, &mut errors);
        let has_password = self.password.is_some() || self.password_file.is_some();
        let found = secret::find("password", (self.password, self.password_file), cx, &mut errors);
        if let Some(username) = self.username.as_ref().filter(|_| !has_password) {
            errors.add(at(username, "username", "its password is missing: write `password_file: FILE`"));
        }
        let login = Login {
            username: self.username.map(|username| username.value).filter(|username| !username.is_empty()),
            password: found.map(|found| found.secret.expose_secret().to_owned().into()),
        };
        if let Some(database) = self.database.as_ref().filter(|database| is_cluster && database.value != 0) {
            errors.add(at(database, "database", "a cluster has no databases: take it away"));
        }
        let prefix = self.prefix.as_ref().map_or(PREFIX, |prefix| prefix.value.as_str()).to_owned();
        if let Some(written) = self.prefix.as_ref().filter(|prefix| !is_prefix(prefix)) {
            let message = "write 1 to 64 letters, digits and `:._-/`: a brace would put the keys of a cluster elsewhere";
            errors.add(at(written, "prefix", message));
        }
        let tls = self.tls.and_then(|tls| tls.value.settings(cx, &mut errors));
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(RedisSettings(Arc::new(Details {
            addresses,
            is_cluster,
            login,
            database: self.database.map_or(0, |database| database.value),
            tls,
            prefix,
            timeouts: Timeouts { connect: self.timeouts.connect.0, answer: self.timeouts.answer.0 },
            durability: self.durability,
        })))
    }
}

fn addresses(
    addr: Option<&Located<String>>,
    cluster: &[Located<String>],
    tls: Option<&Located<TlsConfig>>,
    cx: &BuildContext,
    errors: &mut BuildError,
) -> Vec<Address> {
    let (written, name): (Vec<_>, _) = match addr {
        Some(addr) if !cluster.is_empty() => {
            errors.add(at(addr, "addr", "keep one of `addr` and `cluster`: each says where Redis is"));
            return Vec::new();
        }
        Some(addr) => (vec![addr], "addr"),
        None => (cluster.iter().collect(), "cluster"),
    };
    if written.is_empty() {
        let message = "say where Redis is: `addr: HOST:PORT`, or `cluster: [HOST:PORT, …]`";
        errors.add(Remark::on_section(message));
    }
    let is_protected = tls.is_some_and(|tls| tls.value.is_on());
    let mut addresses = Vec::new();
    for text in written {
        let address = match Address::parse(text) {
            Ok(address) => address,
            Err(message) => {
                errors.add(at(text, name, message));
                continue;
            }
        };
        if matches!(address, Address::Unix(_)) && (is_protected || name == "cluster") {
            let message = "a socket is for one Redis on this machine: without `tls`, and with `addr`";
            errors.add(at(text, name, message));
        } else if addresses.contains(&address) {
            errors.add(at(text, name, format!("{address} is there twice: keep one")));
        } else if !is_protected && !address.is_here() {
            let message = "whoever is on the way reads the password and can change what is kept: write `tls: true`, or \
                           `tls: {ca_certificate: FILE}`";
            cx.warn(at(text, name, message).below(&section()));
        }
        addresses.push(address);
    }
    addresses
}

fn is_prefix(text: &str) -> bool {
    (1..=LONGEST_PREFIX).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ":._-/".contains(c))
}

/// Where this stands in the section `store`.
fn section() -> KeyPath {
    KeyPath::root().key("redis")
}

fn at<T>(value: &Located<T>, name: &str, message: impl Into<String>) -> Remark {
    Remark::new(value.location.clone(), KeyPath::root().key(name), message)
}

#[cfg(test)]
mod tests;
