//! Durations as Go writes them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A span of time in Go's notation: `10s`, `1m30s`, `1h`, `500ms`, `1.5h`; never negative
/// (Go, `time.ParseDuration`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(pub Duration);

impl FromStr for GoDuration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text).map(Self).ok_or_else(|| {
            // Not shown: it may have come from the environment, and be a secret in the wrong place.
            "not a duration: write a number and a unit, such as `10s`, `1m30s`, `1h` or `500ms`".to_owned()
        })
    }
}

fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(number_end);
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        total = total.checked_add(nanoseconds(number, unit)?)?;
        rest = next;
    }
    // Go counts nanoseconds in 63 bits: about 292 years.
    i64::try_from(total.as_nanos()).ok().map(|_| total)
}

fn nanoseconds(number: &str, unit: &str) -> Option<Duration> {
    let unit: u128 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() > 19 || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // More digits than these are below a nanosecond of an hour.
    let fraction: String = fraction.chars().take(15).collect();
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let fraction: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let total = whole.checked_mul(unit)?.checked_add(fraction.checked_mul(unit)? / scale)?;
    u64::try_from(total).ok().map(Duration::from_nanos)
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct GoDurationVisitor;
        impl Visitor<'_> for GoDurationVisitor {
            type Value = GoDuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `10s`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<GoDuration, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(GoDurationVisitor)
    }
}

impl JsonSchema for GoDuration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A duration in Go's notation: 10s, 1m30s, 1h, 500ms",
            "pattern": "^([0-9.]+(ns|us|µs|ms|s|m|h))+$|^0$"
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, nanoseconds) in [
            ("10s", 10_000_000_000),
            ("1m30s", 90_000_000_000),
            ("1h", 3_600_000_000_000),
            ("500ms", 500_000_000),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("+5s", 5_000_000_000),
            ("0", 0),
            ("3µs", 3_000),
            ("1h0m0.000000001s", 3_600_000_000_001),
        ] {
            assert_eq!(text.parse(), Ok(GoDuration(Duration::from_nanos(nanoseconds))), "{text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in ["", "10", "s", "10 s", "1d", "-5s", ".s", "1..5s", "1h30", "10S", "9999999999h", "0x1s"]
        {
            let error = text.parse::<GoDuration>().unwrap_err();
            assert!(error.contains("1m30s"), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[-+0-9.nuµmsh ]{0,40}") {
            let _ = text.parse::<GoDuration>();
        }
    }
}
