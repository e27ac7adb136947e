//! Spans of time that people count in days.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::GoDuration;

const DAY: u64 = 24 * 60 * 60;

/// A span of time in days, such as `90d`, or in Go's notation, which knows no days: `36h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    // The text is not shown: it may have come from the environment, and be a secret in the wrong place.
    fn from_str(text: &str) -> Result<Self, String> {
        let days = text.strip_suffix('d').filter(|days| days.bytes().all(|byte| byte.is_ascii_digit()));
        let days = days.and_then(|days| days.parse::<u64>().ok()?.checked_mul(DAY));
        let span = days.map(Duration::from_secs).or_else(|| Some(text.parse::<GoDuration>().ok()?.0));
        // As far as Go counts.
        span.filter(|span| i64::try_from(span.as_nanos()).is_ok()).map(Self).ok_or_else(|| {
            "not a span of time: write a number and a unit, such as `90d`, `12h` or `30m`".to_owned()
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds > 0 && seconds.is_multiple_of(DAY) && self.0.subsec_nanos() == 0 {
            write!(f, "{}d", seconds / DAY)
        } else {
            GoDuration(self.0).fmt(f)
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpanVisitor;
        impl Visitor<'_> for SpanVisitor {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span of time, such as `90d` or `12h`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(SpanVisitor)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A span of time: 90d, 12h, 30m",
            "pattern": "^[0-9]+d$|^([0-9.]+(ns|us|µs|ms|s|m|h))+$|^0$"
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_and_what_go_reads() {
        for (text, seconds, shown) in
            [("90d", 90 * DAY, "90d"), ("36h", 129_600, "129600s"), ("48h", 2 * DAY, "2d"), ("0", 0, "0ns")]
        {
            let span: Span = text.parse().unwrap();
            assert_eq!((span.0.as_secs(), span.to_string().as_str()), (seconds, shown), "{text}");
        }
        for text in ["", "d", "1.5d", "-1d", "+1d", "1d12h", "1w", "999999999999999999d", "200000d"] {
            assert!(text.parse::<Span>().unwrap_err().contains("`90d`"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[-+0-9.dhms]{0,30}") {
            let _ = text.parse::<Span>();
        }
    }
}
