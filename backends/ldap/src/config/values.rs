//! Times and numbers, within bounds.

use std::time::Duration;

use dockgate_api::config::{GoDuration, bounds};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::directory::{PoolBounds, Timeouts};

/// The section `timeouts`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct TimeoutsConfig {
    /// For the name, the connection and TLS; 3s if not given.
    #[serde(deserialize_with = "bounds::time")]
    connect: GoDuration,
    /// For one bind; 5s if not given.
    #[serde(deserialize_with = "bounds::time")]
    bind: GoDuration,
    /// For one search; 5s if not given.
    #[serde(deserialize_with = "bounds::time")]
    search: GoDuration,
}

impl Default for TimeoutsConfig {
    fn default() -> Self {
        let seconds = |seconds| GoDuration(Duration::from_secs(seconds));
        Self { connect: seconds(3), bind: seconds(5), search: seconds(5) }
    }
}

impl TimeoutsConfig {
    pub(super) fn timeouts(self) -> Timeouts {
        Timeouts { connect: self.connect.0, bind: self.bind.0, search: self.search.0 }
    }
}

/// The section `pool`. Each server has two pools: one in which the service account searches, one in which users bind.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct PoolConfig {
    /// Connections of one pool; 16 if not given.
    #[serde(deserialize_with = "bounds::number::<1, 1_000, _, _>")]
    #[schemars(range(min = 1, max = 1_000))]
    max_connections: usize,
    /// Questions that may wait for one; further ones get 503 with Retry-After. 1000 if not given.
    #[serde(deserialize_with = "bounds::number::<0, 100_000, _, _>")]
    #[schemars(range(min = 0, max = 100_000))]
    max_queue: usize,
    /// A connection that nobody used for so long is closed; 60s if not given.
    #[serde(deserialize_with = "bounds::time")]
    idle_timeout: GoDuration,
    /// A connection this old is closed after its use; 10m if not given.
    #[serde(deserialize_with = "bounds::time")]
    max_age: GoDuration,
}

impl Default for PoolConfig {
    fn default() -> Self {
        let seconds = |seconds| GoDuration(Duration::from_secs(seconds));
        Self { max_connections: 16, max_queue: 1000, idle_timeout: seconds(60), max_age: seconds(600) }
    }
}

impl PoolConfig {
    pub(super) fn bounds(self) -> PoolBounds {
        PoolBounds {
            max_connections: self.max_connections,
            max_queue: self.max_queue,
            idle_timeout: self.idle_timeout.0,
            max_age: self.max_age.0,
        }
    }
}
