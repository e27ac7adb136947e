//! `store.redis:` — where it is, and how it is spoken to.

mod named;
mod tls;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dockgate_api::config::secret::{self, Secret};
use dockgate_api::config::{GoDuration, Located, Remark, bounds};
use dockgate_api::secrecy::ExposeSecret as _;
use dockgate_api::{BuildContext, BuildError};
use schemars::JsonSchema;
use serde::Deserialize;

use self::named::Names;
pub use self::named::OfGoRedis;
use self::tls::TlsConfig;
use super::address::Address;
use super::durability::Durability;
use super::settings::{Details, Login, RedisSettings, Timeouts};

const PREFIX: &str = "dockgate:";
const LONGEST_PREFIX: usize = 64;

/// `store.redis` as written.
#[derive(Deserialize, JsonSchema)]
pub struct RedisConfig {
    /// As what the section calls its keys.
    #[serde(skip)]
    names: Names,
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
    pub fn settings(self, cx: &BuildContext) -> Result<RedisSettings, BuildError> {
        let section = self.names.section();
        self.read(cx).map_err(|errors| errors.below(&section))
    }

    fn read(self, cx: &BuildContext) -> Result<RedisSettings, BuildError> {
        let mut errors = BuildError::none();
        let is_cluster = !self.cluster.is_empty();
        let names = self.names;
        let addresses = addresses(&self, cx, &mut errors);
        let has_password = self.password.is_some() || self.password_file.is_some();
        let found = secret::find("password", (self.password, self.password_file), cx, &mut errors);
        if let Some(username) = self.username.as_ref().filter(|_| !has_password) {
            errors.add(at(names, username, "username", names.missing_password()));
        }
        let login = Login {
            username: self.username.map(|username| username.value).filter(|username| !username.is_empty()),
            password: found
                .map(|found| found.secret.expose_secret().to_owned())
                .filter(|password| names == Names::Ours || !password.is_empty())
                .map(Into::into),
        };
        if let Some(database) = self.database.as_ref().filter(|database| is_cluster && database.value != 0) {
            errors.add(at(names, database, "database", "a cluster has no databases: take it away"));
        }
        let prefix = self.prefix.as_ref().map_or(PREFIX, |prefix| prefix.value.as_str()).to_owned();
        if let Some(written) = self.prefix.as_ref().filter(|prefix| !is_prefix(prefix)) {
            let message = "write 1 to 64 letters, digits and `:._-/`: a brace would put the keys of a cluster elsewhere";
            errors.add(at(names, written, "prefix", message));
        }
        let tls = self.tls.and_then(|tls| tls.value.settings(names, cx, &mut errors));
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

fn addresses(config: &RedisConfig, cx: &BuildContext, errors: &mut BuildError) -> Vec<Address> {
    let RedisConfig { names, addr, cluster, tls, .. } = config;
    let names = *names;
    let (written, name): (Vec<_>, _) = match addr {
        Some(addr) if !cluster.is_empty() => {
            errors.add(at(names, addr, "addr", "keep one of `addr` and `cluster`: each says where Redis is"));
            return Vec::new();
        }
        Some(addr) => (vec![addr], "addr"),
        None => (cluster.iter().collect(), "cluster"),
    };
    if written.is_empty() {
        errors.add(Remark::on_section(names.missing_address()));
    }
    let is_protected = tls.as_ref().is_some_and(|tls| tls.value.is_on());
    let mut addresses = Vec::new();
    for text in written {
        let address = match Address::parse(text) {
            Ok(address) => address,
            Err(message) => {
                errors.add(at(names, text, name, names.wrong_address(message)));
                continue;
            }
        };
        if matches!(address, Address::Unix(_)) && (is_protected || name == "cluster") {
            errors.add(at(names, text, name, names.misplaced_socket()));
        } else if addresses.contains(&address) {
            errors.add(at(names, text, name, format!("{address} is there twice: keep one")));
        } else if !is_protected && !address.is_here() {
            let message = names.unprotected();
            cx.warn(at(names, text, name, message).below(&names.section()));
        }
        addresses.push(address);
    }
    addresses
}

fn is_prefix(text: &str) -> bool {
    (1..=LONGEST_PREFIX).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ":._-/".contains(c))
}

/// `name` as `store.redis` says it.
fn at<T>(names: Names, value: &Located<T>, name: &str, message: impl Into<String>) -> Remark {
    Remark::new(value.location.clone(), names.key(name), message)
}

#[cfg(test)]
mod tests;
