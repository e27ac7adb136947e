//! Keys that others have written, read one by one.

use std::sync::{Arc, OnceLock};

use dockgate_api::{BackendError, Call};
use tokio::runtime::Handle;

use super::scripts;
use super::settings::RedisSettings;
use super::store::{Kind, RedisStore};

/// A Redis in which somebody else keeps something. It is connected to at the first question, and to again by itself;
/// each question has a bounded time. Nothing is ever written.
pub struct RedisLookup {
    settings: RedisSettings,
    opened: OnceLock<RedisStore>,
}

impl RedisLookup {
    /// A look into this Redis, or cluster. Connects to nothing yet.
    pub fn new(settings: RedisSettings) -> Self {
        Self { settings, opened: OnceLock::new() }
    }

    /// The value of a key, which is taken as it is written.
    ///
    /// # Errors
    /// If Redis cannot be asked, or the key holds something else than a text.
    pub async fn get(&self, cx: &Call, key: &str) -> Result<Option<Vec<u8>>, BackendError> {
        let runtime = Handle::try_current()
            .map_err(|_| BackendError::Unavailable("Redis is asked by a running server only".to_owned()))?;
        let redis = self.opened.get_or_init(|| RedisStore::open(Arc::clone(&self.settings.0), &runtime));
        redis.ask(cx, None, Kind::Read, &scripts::get_foreign(key)).await
    }
}
