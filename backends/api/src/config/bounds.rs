//! Values of the configuration within bounds. The decoder knows where they stand.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::GoDuration;

/// Longer waits and memories are slips of the pen.
const LONGEST: Duration = Duration::from_hours(24);

/// A number from `LEAST` to `MOST`.
///
/// # Errors
/// If it is another, with the bounds.
pub fn number<'de, const LEAST: usize, const MOST: usize, N: TryFrom<usize>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<N, D::Error> {
    // Of a number below 0, too, the bounds are said.
    let number = i64::deserialize(deserializer)?;
    let within = usize::try_from(number).ok().filter(|number| (LEAST..=MOST).contains(number));
    within.and_then(|number| N::try_from(number).ok()).ok_or_else(|| {
        D::Error::custom(format!("{number} is out of range: write a number from {LEAST} to {MOST}"))
    })
}

/// A time from 1 millisecond to a day. One that ends at once, or never, is none.
///
/// # Errors
/// If it is shorter or longer, with the bounds.
pub fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<GoDuration, D::Error> {
    let duration = GoDuration::deserialize(deserializer)?;
    if is_a_time(duration) {
        Ok(duration)
    } else {
        Err(D::Error::custom("out of range: write a duration from `1ms` to `24h`"))
    }
}

/// The same, or 0.
///
/// # Errors
/// If it is another, with the bounds.
pub fn time_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<GoDuration, D::Error> {
    let duration = GoDuration::deserialize(deserializer)?;
    if duration.0.is_zero() || is_a_time(duration) {
        Ok(duration)
    } else {
        Err(D::Error::custom("out of range: write `0` or a duration from `1ms` to `24h`"))
    }
}

fn is_a_time(duration: GoDuration) -> bool {
    (Duration::from_millis(1)..=LONGEST).contains(&duration.0)
}
