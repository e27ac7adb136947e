//! `passwords:` — how much hashing we take on.

use std::num::NonZeroU16;

use dockgate_passwords::{Pool, PoolOptions};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::outside::Outside;

/// The `passwords` section. It counts for all backends together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PasswordsConfig {
    /// Passwords hashed at a time; two a processor if not given.
    pub slots: Option<NonZeroU16>,
    /// Logins that may wait for a slot; further ones get 503.
    pub queue: Option<u32>,
    /// Verified passwords remembered (as keyed hashes, in memory only); 0 for none.
    pub memo: Option<u32>,
}

impl PasswordsConfig {
    /// A pool within these bounds.
    ///
    /// # Errors
    /// If there is no randomness for its key.
    pub fn pool(&self, outside: &Outside) -> Result<Pool, String> {
        let mut options = PoolOptions::default();
        if let Some(slots) = self.slots {
            options.slots = usize::from(slots.get());
        }
        if let Some(queue) = self.queue {
            options.queue = queue as usize;
        }
        if let Some(memo) = self.memo {
            options.memo_entries = memo as usize;
        }
        Pool::new(options, outside.random.as_ref(), outside.metrics.as_ref())
            .map_err(|error| error.to_string())
    }
}
