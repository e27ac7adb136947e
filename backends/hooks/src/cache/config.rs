//! The section.

use std::time::Duration;

use dockgate_api::config::{GoDuration, bounds};
use schemars::JsonSchema;
use serde::Deserialize;

const ENTRIES: usize = 10_000;

/// The section `cache`. Without it nothing is remembered.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct CacheConfig {
    /// How long an `allow` is given again to the same question, from 1ms to 24h; never longer than the answer itself
    /// says with `expires_at`.
    #[serde(deserialize_with = "bounds::time")]
    ttl: GoDuration,
    /// How long a `deny` or `no_match` is; 0, the default, for not at all.
    #[serde(default = "none", deserialize_with = "bounds::time_or_none")]
    negative_ttl: GoDuration,
    /// How many answers are remembered at most; one of more than 4 KiB counts as several. 10000 if not given.
    #[serde(default = "entries", deserialize_with = "bounds::number::<1, 1_000_000, _, _>")]
    #[schemars(range(min = 1, max = 1_000_000))]
    entries: usize,
}

impl CacheConfig {
    pub(super) fn ttl(&self) -> Duration {
        self.ttl.0
    }

    pub(super) fn negative_ttl(&self) -> Duration {
        self.negative_ttl.0
    }

    pub(super) fn entries(&self) -> usize {
        self.entries
    }
}

fn none() -> GoDuration {
    GoDuration(Duration::ZERO)
}

fn entries() -> usize {
    ENTRIES
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_and_bounds() {
        let read = |section| serde_json::from_value::<CacheConfig>(section);
        let config = read(json!({"ttl": "30s"})).unwrap();
        assert_eq!(config.ttl(), Duration::from_secs(30));
        assert_eq!(config.negative_ttl(), Duration::ZERO);
        assert_eq!(config.entries(), 10_000);
        let config = read(json!({"ttl": "24h", "negative_ttl": "1ms", "entries": 1})).unwrap();
        assert_eq!((config.negative_ttl(), config.entries()), (Duration::from_millis(1), 1));
        for (section, cure) in [
            (json!({}), "ttl"),
            (json!({"ttl": "0"}), "`1ms` to `24h`"),
            (json!({"ttl": "24h1s"}), "`1ms` to `24h`"),
            (json!({"ttl": "1s", "negative_ttl": "25h"}), "`0` or a duration"),
            (json!({"ttl": "1s", "negative_ttl": "1us"}), "`0` or a duration"),
            (json!({"ttl": "1s", "entries": 0}), "from 1 to 1000000"),
            (json!({"ttl": "1s", "entries": 1_000_001}), "from 1 to 1000000"),
        ] {
            let mistake = read(section.clone()).unwrap_err().to_string();
            assert!(mistake.contains(cure), "{section}: {mistake}");
        }
    }
}
