//! The numbers, as they are configured.

use std::borrow::Cow;

use dockgate_api::config::bounds;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// How many questions at a time, and how many wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Questions that are asked at a time; at least 1.
    pub max_concurrent: usize,
    /// Questions that may wait for a place; 0 for none.
    pub max_queue: usize,
}

/// The two keys. Where they stand beside others in one section, that section has the fields itself and makes this of
/// them.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
pub struct LimitsConfig {
    /// Questions that are asked at a time.
    pub max_concurrent: Option<MaxConcurrent>,
    /// Questions that may wait until one of these is answered; further ones get 503 with Retry-After.
    pub max_queue: Option<MaxQueue>,
}

impl LimitsConfig {
    /// What is configured, and `default` where nothing is.
    pub fn or(self, default: Limits) -> Limits {
        Limits {
            max_concurrent: self.max_concurrent.map_or(default.max_concurrent, |configured| configured.0),
            max_queue: self.max_queue.map_or(default.max_queue, |configured| configured.0),
        }
    }
}

/// `max_concurrent`: from 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxConcurrent(pub usize);

/// `max_queue`: from 0 to 100,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxQueue(pub usize);

impl<'de> Deserialize<'de> for MaxConcurrent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bounds::number::<1, 10_000, _, _>(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for MaxQueue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bounds::number::<0, 100_000, _, _>(deserializer).map(Self)
    }
}

impl JsonSchema for MaxConcurrent {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "MaxConcurrent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 1, "maximum": 10_000})
    }
}

impl JsonSchema for MaxQueue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "MaxQueue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 0, "maximum": 100_000})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DEFAULT: Limits = Limits { max_concurrent: 16, max_queue: 1000 };

    #[test]
    fn what_is_configured_counts_within_bounds() {
        let read = |text| serde_json::from_value::<LimitsConfig>(text).map(|config| config.or(DEFAULT));
        assert_eq!(read(json!({})).unwrap(), DEFAULT);
        let limits = Limits { max_concurrent: 10_000, max_queue: 0 };
        assert_eq!(read(json!({"max_concurrent": 10_000, "max_queue": 0})).unwrap(), limits);
        let limits = Limits { max_concurrent: 1, max_queue: 100_000 };
        assert_eq!(read(json!({"max_concurrent": 1, "max_queue": 100_000})).unwrap(), limits);
        for (key, number, range) in [
            ("max_concurrent", -1, "from 1 to 10000"),
            ("max_concurrent", 0, "from 1 to 10000"),
            ("max_concurrent", 10_001, "from 1 to 10000"),
            ("max_queue", 100_001, "from 0 to 100000"),
        ] {
            let mistake = read(json!({key: number})).unwrap_err().to_string();
            assert!(mistake.contains(range) && mistake.contains(&number.to_string()), "{mistake}");
        }
    }
}
