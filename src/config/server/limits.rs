//! `server.limits`, and how long things may take.

use std::time::Duration;

use dockgate_api::config::GoDuration;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Longer waits are slips of the pen.
const LONGEST: Duration = Duration::from_hours(24);

/// `server.limits`: bounds on one request and on all connections together.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Limits {
    /// Scopes in one request; more is 400.
    #[serde(deserialize_with = "bounded::<1, 10_000, _>")]
    pub scopes: usize,
    /// Bytes of an account or service name; more is 400.
    #[serde(deserialize_with = "bounded::<16, 65_536, _>")]
    pub name: usize,
    /// Bytes of a password; more is 401.
    #[serde(deserialize_with = "bounded::<64, 1_048_576, _>")]
    pub secret: usize,
    /// Bytes of a request's body; more is 413.
    #[serde(deserialize_with = "bounded::<1_024, 16_777_216, _>")]
    pub body: usize,
    /// Bytes of a request's head (request line and headers), about; more is 431.
    #[serde(deserialize_with = "bounded::<8_192, 1_048_576, _>")]
    pub header: usize,
    /// Connections at a time; further ones wait to be accepted.
    #[serde(deserialize_with = "bounded::<1, 1_000_000, _>")]
    pub connections: usize,
    /// From a connection, or the end of an answer, to the next request's complete head.
    #[serde(deserialize_with = "positive")]
    pub header_timeout: GoDuration,
    /// From a request's head to the end of its body; more is 408.
    #[serde(deserialize_with = "positive")]
    pub body_timeout: GoDuration,
    /// From a request's head until its answer is decided; more is 503.
    #[serde(deserialize_with = "positive")]
    pub request_timeout: GoDuration,
    /// How long a client may take nothing of its answer.
    #[serde(deserialize_with = "positive")]
    pub write_timeout: GoDuration,
    /// How long a TLS handshake may take.
    #[serde(deserialize_with = "positive")]
    pub handshake_timeout: GoDuration,
    /// After a signal to stop: how long requests in flight may take.
    pub drain_timeout: GoDuration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            scopes: 100,
            name: 256,
            secret: 8 * 1024,
            body: 64 * 1024,
            header: 32 * 1024,
            connections: 10_000,
            header_timeout: seconds(30),
            body_timeout: seconds(10),
            request_timeout: seconds(30),
            write_timeout: seconds(30),
            handshake_timeout: seconds(10),
            drain_timeout: seconds(10),
        }
    }
}

fn seconds(number: u64) -> GoDuration {
    GoDuration(Duration::from_secs(number))
}

fn bounded<'de, const LEAST: usize, const MOST: usize, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<usize, D::Error> {
    let number = usize::deserialize(deserializer)?;
    if (LEAST..=MOST).contains(&number) {
        Ok(number)
    } else {
        Err(D::Error::custom(format!("{number} is out of range: write a number from {LEAST} to {MOST}")))
    }
}

/// A wait that ends at once, or never, is none.
pub(in crate::config) fn positive<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<GoDuration, D::Error> {
    let duration = GoDuration::deserialize(deserializer)?;
    if (Duration::from_millis(1)..=LONGEST).contains(&duration.0) {
        Ok(duration)
    } else {
        Err(D::Error::custom("out of range: write a duration from `1ms` to `24h`"))
    }
}
