//! Values within bounds.

use std::time::Duration;

use dockgate_api::config::GoDuration;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::breaker::Bounds;

/// Longer waits are slips of the pen.
const LONGEST: Duration = Duration::from_hours(24);

/// The section `breaker`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct BreakerConfig {
    /// After so many failures in a row; 5 if not given.
    #[serde(deserialize_with = "bounded::<1, 1_000, _>")]
    #[schemars(range(min = 1, max = 1_000))]
    failures: u32,
    /// For so long nobody is asked, and then one question at a time until one is answered; 10s if not given.
    #[serde(deserialize_with = "positive")]
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

pub(super) fn retries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    bounded::<0, 10, D>(deserializer)
}

/// A wait that ends at once, or never, is none.
pub(super) fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<GoDuration, D::Error> {
    let duration = GoDuration::deserialize(deserializer)?;
    if (Duration::from_millis(1)..=LONGEST).contains(&duration.0) {
        Ok(duration)
    } else {
        Err(D::Error::custom("out of range: write a duration from `1ms` to `24h`"))
    }
}

fn bounded<'de, const LEAST: u32, const MOST: u32, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<u32, D::Error> {
    let number = u32::deserialize(deserializer)?;
    if (LEAST..=MOST).contains(&number) {
        Ok(number)
    } else {
        Err(D::Error::custom(format!("{number} is out of range: write a number from {LEAST} to {MOST}")))
    }
}
