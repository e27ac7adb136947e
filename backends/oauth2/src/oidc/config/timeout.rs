//! `http_timeout`, which docker_auth's files give in seconds.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use dockgate_api::config::{GoDuration, Located};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// Nobody waits longer in front of a browser.
const LONGEST: Duration = Duration::from_mins(2);

/// A duration, or a number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HttpTimeout(pub(crate) GoDuration);

impl HttpTimeout {
    /// The same as all providers' keys have it.
    pub(crate) fn into_duration(this: Located<Self>) -> Located<GoDuration> {
        Located { location: this.location, index: this.index, value: this.value.0 }
    }
}

impl<'de> Deserialize<'de> for HttpTimeout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let timeout = deserializer.deserialize_any(TimeoutVisitor)?;
        if (Duration::from_millis(1)..=LONGEST).contains(&timeout.0.0) {
            return Ok(timeout);
        }
        Err(de::Error::custom("out of range: write a duration from `1ms` to `2m`, or seconds from 1 to 120"))
    }
}

struct TimeoutVisitor;

impl Visitor<'_> for TimeoutVisitor {
    type Value = HttpTimeout;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as `10s`, or a number of seconds")
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<HttpTimeout, E> {
        Ok(HttpTimeout(GoDuration(Duration::from_secs(seconds))))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<HttpTimeout, E> {
        text.parse().map(HttpTimeout).map_err(E::custom)
    }
}

impl JsonSchema for HttpTimeout {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "HttpTimeout".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let duration = generator.subschema_for::<GoDuration>();
        json_schema!({"oneOf": [duration, {"type": "integer", "minimum": 1, "maximum": 120}]})
    }
}
