//! docker_auth's token databases: where its sections keep who signed in.
//!
//! `level_token_db` and `redis_token_db` say where this server's own store is when the file has no `store:` section. What
//! docker_auth wrote to Redis counts until it lapses; what it wrote to `LevelDB` or to Google is not read.

mod go_redis;
mod legacy;
mod record;
mod redis;
mod section;

use std::path::PathBuf;

use dockgate_api::config::{KeyPath, Located, Location, Remark};
use dockgate_api::{BuildContext, BuildError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

pub(crate) use self::legacy::LegacyTokens;
pub(crate) use self::redis::RedisTokenDb;
pub use self::section::{DockerAuthStore, TokenDbSection};

/// The section `level_token_db`.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct LevelTokenDb {
    /// The directory of this server's store, where the file has no section `store`. What docker_auth left in it is not
    /// read, and stays.
    #[schemars(with = "String")]
    pub(crate) path: Located<PathBuf>,
    /// Has no meaning here.
    #[schemars(with = "Option<i64>")]
    pub(crate) token_hash_cost: Option<Located<Unread>>,
}

/// The section `gcs_token_db`, which this server does not read.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct GcsTokenDb {
    /// Not read.
    #[serde(rename = "bucket")]
    #[schemars(with = "Option<String>")]
    _bucket: Option<Located<Unread>>,
    /// Not read.
    #[serde(rename = "client_secret_file")]
    #[schemars(with = "Option<String>")]
    _client_secret_file: Option<Located<Unread>>,
    /// Not read.
    #[serde(rename = "token_hash_cost")]
    #[schemars(with = "Option<i64>")]
    _token_hash_cost: Option<Located<Unread>>,
}

/// A value that may be anything.
#[derive(Debug, Default)]
pub(crate) struct Unread;

impl<'de> Deserialize<'de> for Unread {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|IgnoredAny| Self)
    }
}

/// The keys of a provider's section that say where docker_auth keeps who signed in.
#[derive(Default)]
#[expect(clippy::struct_field_names, reason = "they are called as the keys are")]
pub(crate) struct TokenDbKeys {
    pub(crate) level_token_db: Option<Located<LevelTokenDb>>,
    pub(crate) redis_token_db: Option<Located<RedisTokenDb>>,
    pub(crate) gcs_token_db: Option<Located<GcsTokenDb>>,
}

impl TokenDbKeys {
    /// Reads them; what is wrong goes to `errors`, what is worth knowing to the context.
    pub(crate) fn read(self, cx: &BuildContext, errors: &mut BuildError) -> Option<LegacyTokens> {
        self.refuse_several(errors);
        if let Some(gcs) = &self.gcs_token_db {
            let message = "this server keeps nothing in Google's storage: take it away, and write `store: {redis: …}` or \
                           `store: {postgres: …}` for several servers, or `level_token_db: {path: DIRECTORY}` for one; \
                           people sign in once more";
            errors.add(at(&gcs.location, "gcs_token_db", message));
        }
        if let Some(level) = self.level_token_db {
            if level.path.as_os_str().is_empty() {
                let message = "needs a directory: `level_token_db: {path: DIRECTORY}`";
                errors.add(below(&level.path.location, "level_token_db", "path", message));
            }
            note_hash_cost(level.value.token_hash_cost.as_ref(), "level_token_db", cx);
        }
        let redis = self.redis_token_db?;
        note_hash_cost(redis.token_hash_cost.as_ref(), "redis_token_db", cx);
        redis.value.settings(&redis.location, cx, errors).map(|settings| LegacyTokens::new(settings, cx))
    }

    fn refuse_several(&self, errors: &mut BuildError) {
        let mut given: Vec<(&Location, &str)> = [
            (self.level_token_db.as_ref().map(|level| &level.location), "level_token_db"),
            (self.redis_token_db.as_ref().map(|redis| &redis.location), "redis_token_db"),
            (self.gcs_token_db.as_ref().map(|gcs| &gcs.location), "gcs_token_db"),
        ]
        .into_iter()
        .filter_map(|(location, name)| location.map(|location| (location, name)))
        .collect();
        given.sort();
        let mut given = given.into_iter();
        let Some((_, first)) = given.next() else { return };
        for (location, name) in given {
            errors.add(at(location, name, &format!("`{first}` stands there too: keep one of them")));
        }
    }
}

fn note_hash_cost(cost: Option<&Located<Unread>>, section: &str, cx: &BuildContext) {
    if let Some(cost) = cost {
        let message =
            "has no meaning here: the passwords of this server are 256 random bits and need no slow hash";
        cx.note(below(&cost.location, section, "token_hash_cost", message));
    }
}

fn at(location: &Location, key: &str, message: &str) -> Remark {
    Remark::new(location.clone(), KeyPath::root().key(key), message)
}

fn below(location: &Location, section: &str, key: &str, message: &str) -> Remark {
    Remark::new(location.clone(), KeyPath::root().key(section).key(key), message)
}

#[cfg(test)]
mod tests;
