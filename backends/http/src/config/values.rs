//! Values within bounds.

use std::time::Duration;

use dockgate_api::config::{GoDuration, bounds};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::breaker::Bounds;

/// The section `breaker`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct BreakerConfig {
    /// After so many failures in a row; 5 if not given.
    #[serde(deserialize_with = "bounds::number::<1, 1_000, _, _>")]
    #[schemars(range(min = 1, max = 1_000))]
    failures: u32,
    /// For so long nobody is asked, and then one question at a time until one is answered; 10s if not given.
    #[serde(deserialize_with = "bounds::time")]
    pause: GoDuration,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { failures: 5, pause: GoDuration(Duration::from_secs(10)) }
    }
}

impl BreakerConfig {
    pub(super) fn bounds(self) -> Bounds {
        Bounds { failures: self.failures, pause: self.pause.0 }
    }
}

pub(super) fn timeout() -> GoDuration {
    GoDuration(Duration::from_secs(5))
}

pub(super) fn one() -> u32 {
    1
}
