//! What a provider's section says of this server's store.

use std::path::PathBuf;

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use dockgate_api::config::Located;
use dockgate_api::config::secret::{self, Secret};
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{BuildContext, BuildError};
use dockgate_store::RedisConfig;
use serde::Deserialize;

use super::{LevelTokenDb, RedisTokenDb};

/// What the key of the records' seals is derived for (RFC 5869): it must be the same in every release.
const PURPOSE: &[u8] = b"dockgate: seal of the store in redis_token_db";

/// The keys of a provider's section that say where this server's store is, and what its records are sealed with.
#[derive(Deserialize)]
pub struct TokenDbSection {
    client_secret: Option<Located<Secret>>,
    client_secret_file: Option<Located<PathBuf>>,
    level_token_db: Option<Located<LevelTokenDb>>,
    redis_token_db: Option<Located<RedisTokenDb>>,
}

/// The store of a file that has no section `store`.
pub enum DockerAuthStore {
    /// A directory of this server's own, as written.
    File(Located<PathBuf>),
    /// Redis.
    Redis {
        /// Where it is.
        config: Box<Located<RedisConfig>>,
        /// What records are sealed with, derived from the client's secret; none if there is none, or if files are not to
        /// be read.
        secret: Option<SecretString>,
    },
}

impl TokenDbSection {
    /// The keys; a section has others beside them.
    pub const KEYS: [&str; 4] = ["client_secret", "client_secret_file", "level_token_db", "redis_token_db"];

    /// The store that the section describes; none if it describes none that is sound. What is wrong with the section, its
    /// backend says.
    pub fn store(self, cx: &BuildContext) -> Option<DockerAuthStore> {
        if let Some(level) = self.level_token_db {
            return Some(DockerAuthStore::File(level.value.path));
        }
        let redis = self.redis_token_db?;
        let mut errors = BuildError::none();
        let location = redis.location.clone();
        let config = redis.value.config(&location, cx, &mut errors)?;
        let given = (self.client_secret, self.client_secret_file);
        let secret = secret::find("client_secret", given, cx, &mut errors);
        let secret = secret.and_then(|found| derive(&found.secret));
        let config = Box::new(Located { location, index: None, value: config });
        errors.is_empty().then_some(DockerAuthStore::Redis { config, secret })
    }
}

/// 64 hexadecimal digits that nobody finds out the client's secret from.
fn derive(client_secret: &SecretString) -> Option<SecretString> {
    let secret = client_secret.expose_secret();
    if secret.is_empty() {
        return None;
    }
    let key = Salt::new(HKDF_SHA256, &[]).extract(secret.as_bytes());
    let mut made = [0; 32];
    let length = HKDF_SHA256.len();
    key.expand(&[PURPOSE], HKDF_SHA256).ok()?.fill(made.get_mut(..length)?).ok()?;
    Some(made.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
}
