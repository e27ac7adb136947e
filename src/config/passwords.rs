//! `passwords:` — how much hashing we take on.

use dockgate_passwords::{Pool, PoolOptions};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::outside::Outside;

/// Each is a thread, and up to 64 MiB while it computes an argon2id hash.
const MOST_SLOTS: u32 = 1024;

/// The `passwords` section. It counts for all backends together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PasswordsConfig {
    /// Passwords hashed at a time; two a processor if not given.
    #[serde(deserialize_with = "slots")]
    #[schemars(range(min = 1, max = 1024))]
    pub slots: Option<u32>,
    /// Logins that may wait for a slot; further ones get 503.
    pub queue: Option<u32>,
    /// Verified passwords remembered (as keyed hashes, in memory only); 0 for none.
    pub memo: Option<u32>,
}

fn slots<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let slots = Option::<u32>::deserialize(deserializer)?;
    match slots {
        Some(number) if !(1..=MOST_SLOTS).contains(&number) => Err(D::Error::custom(format!(
            "{number} is out of range: write a number from 1 to {MOST_SLOTS}, or take the key away"
        ))),
        _ => Ok(slots),
    }
}

impl PasswordsConfig {
    /// A pool within these bounds.
    ///
    /// # Errors
    /// If there is no randomness for its key.
    pub fn pool(&self, outside: &Outside) -> Result<Pool, String> {
        let mut options = PoolOptions::default();
        if let Some(slots) = self.slots {
            options.slots = slots as usize;
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
