//! `store:` — which store, and where it is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dockgate_api::config::secret::Secret;
use dockgate_api::config::{GoDuration, KeyPath, Located, Remark};
use dockgate_api::{BuildContext, BuildError, Store};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::file::FileSettings;
use crate::postgres::{PostgresConfig, PostgresSettings};
use crate::redis::{RedisConfig, RedisSettings};
use crate::seal::{SealConfig, SealKeys};

/// Longer and somebody who is gone stays for a while.
const LONGEST_RECHECK: Duration = Duration::from_mins(15);

/// The `store` section: exactly one of `file`, `redis` and `postgres`.
#[derive(Deserialize, JsonSchema)]
pub struct StoreConfig {
    /// A directory of this server's own; what is kept is one file in it. Made if its parent is there.
    pub file: Option<Located<PathBuf>>,
    /// Redis or Valkey, shared by several servers.
    pub redis: Option<Located<RedisConfig>>,
    /// PostgreSQL, shared by several servers.
    pub postgres: Option<Located<PostgresConfig>>,
    /// For how long what a link says of a stored credential's owner counts; `10s` if not given, 0 asks every time.
    pub recheck: Option<Located<GoDuration>>,
    /// What records are signed with, so that only these servers can write them: at least 32 characters, the same on every
    /// replica. Needed with `redis` and `postgres`.
    #[schemars(with = "Option<String>")]
    pub secret: Option<Located<Secret>>,
    /// A file that holds it, in place of `secret`.
    #[schemars(with = "Option<String>")]
    pub secret_file: Option<Located<PathBuf>>,
    /// The secret before this one: what was signed with it still counts.
    #[schemars(with = "Option<String>")]
    pub secret_before: Option<Located<Secret>>,
    /// A file that holds it, in place of `secret_before`.
    #[schemars(with = "Option<String>")]
    pub secret_before_file: Option<Located<PathBuf>>,
}

/// Everything that a store is made of. Two that are equal are the same store.
#[derive(PartialEq)]
pub(crate) enum Settings {
    File(FileSettings),
    Redis(RedisSettings),
    Postgres(Box<PostgresSettings>),
}

impl StoreConfig {
    /// For how long an answer about a stored credential's owner counts, if that is not said.
    pub const RECHECK: Duration = Duration::from_secs(10);

    /// For how long what a link says of a stored credential's owner counts.
    pub fn recheck(&self) -> Duration {
        self.recheck.as_ref().map_or(Self::RECHECK, |recheck| recheck.value.0)
    }

    /// What the section says, secrets read. Opens nothing.
    pub(crate) fn settings(self, cx: &BuildContext) -> Result<(Settings, Option<SealKeys>), BuildError> {
        let mut errors = BuildError::none();
        if let Some(recheck) = self.recheck.filter(|recheck| recheck.value.0 > LONGEST_RECHECK) {
            let message =
                "at most 15m: for so long somebody who is gone, or out of a group, keeps what they had";
            errors.add(Remark::new(recheck.location, KeyPath::root().key("recheck"), message));
        }
        let seal = SealConfig {
            secret: (self.secret, self.secret_file),
            before: (self.secret_before, self.secret_before_file),
        };
        let is_shared = self.redis.is_some() || self.postgres.is_some();
        let seal = seal.keys(is_shared, cx, &mut errors);
        let settings = match (self.file, self.redis, self.postgres) {
            (Some(file), None, None) => FileSettings::read(file, cx).and_then(|file| {
                if !cx.offline() {
                    file.look()?;
                }
                Ok(Settings::File(file))
            }),
            (None, Some(redis), None) => redis.value.settings(cx).map(Settings::Redis),
            (None, None, Some(postgres)) => postgres.value.settings(cx).map(Box::new).map(Settings::Postgres),
            _ => Err(BuildError::new(
                "needs exactly one of `file`, `redis` and `postgres`: write `file: DIRECTORY` for one server alone",
            )),
        };
        match settings {
            Ok(settings) if errors.is_empty() => Ok((settings, seal)),
            Ok(_) => Err(errors),
            Err(others) => Err(errors.and(others)),
        }
    }
}

impl Settings {
    /// Opens it. A file is locked and read; a server is connected to as soon as it is there, which nobody waits for.
    pub(crate) fn open(&self) -> Result<Arc<dyn Store>, BuildError> {
        match self {
            Self::File(settings) => settings.open(),
            Self::Redis(settings) => settings.open(),
            Self::Postgres(settings) => settings.open(),
        }
    }

    /// What it is called in messages and metrics.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Redis(_) => "redis",
            Self::Postgres(_) => "postgres",
        }
    }
}
