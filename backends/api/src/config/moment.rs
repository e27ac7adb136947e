//! Points in time as people write them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, Time};

const CURE: &str =
    "a date, such as `2026-12-31`, or a time with its zone, such as `2026-12-31T18:00:00+01:00`";

/// More than any spelling of a time needs.
const LONGEST: usize = 64;

/// A point in time: a date, which means midnight UTC, or a time with its zone (RFC 3339).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub SystemTime);

impl FromStr for Moment {
    type Err = String;

    // The text is not shown: it may have come from the environment, and be a secret in the wrong place.
    fn from_str(text: &str) -> Result<Self, String> {
        match date(text).or_else(|| instant(text)) {
            Some(moment) => {
                // An offset may lead out of the calendar: then it could not be written again.
                let time = system_time(moment)
                    .filter(|time| calendar(*time).is_some_and(|moment| (0..=9999).contains(&moment.year())));
                time.map(Self).ok_or_else(|| format!("this is too far away: write {CURE}"))
            }
            None if instant(&format!("{text}Z")).is_some() => {
                Err("a time needs its zone: write `Z` behind it for UTC, or an offset such as `+01:00`"
                    .to_owned())
            }
            None if looks_like_a_date(text) => Err(format!("no calendar has this day: write {CURE}")),
            None => Err(format!("neither a date nor a time: write {CURE}")),
        }
    }
}

/// `2026-02-30`: three numbers where they should be.
fn looks_like_a_date(text: &str) -> bool {
    let pattern = "dddd-dd-dd";
    let fits = |(byte, kind)| if kind == b'd' { u8::is_ascii_digit(&byte) } else { byte == kind };
    text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(fits)
}

fn date(text: &str) -> Option<OffsetDateTime> {
    let numeric = |part: &str, digits| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if !numeric(year, 4) || !numeric(month, 2) || !numeric(day, 2) {
        return None;
    }
    let month = month.parse::<u8>().ok()?.try_into().ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    Some(OffsetDateTime::new_utc(date, Time::MIDNIGHT))
}

fn instant(text: &str) -> Option<OffsetDateTime> {
    // The parser takes anything between date and time.
    let separated = matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' '));
    if !separated || text.len() > LONGEST {
        return None;
    }
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

fn system_time(moment: OffsetDateTime) -> Option<SystemTime> {
    let nanoseconds = moment.unix_timestamp_nanos();
    let distance = nanoseconds.unsigned_abs();
    let distance = Duration::new(
        u64::try_from(distance / 1_000_000_000).ok()?,
        u32::try_from(distance % 1_000_000_000).ok()?,
    );
    if nanoseconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

fn calendar(time: SystemTime) -> Option<OffsetDateTime> {
    let nanoseconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i128::try_from(after.as_nanos()).ok()?,
        Err(before) => -i128::try_from(before.duration().as_nanos()).ok()?,
    };
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()
}

impl fmt::Display for Moment {
    /// As it can be written again: the date alone if it is midnight UTC, else the time in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(moment) = calendar(self.0) else { return f.write_str("a time beyond the calendar") };
        if moment.time() == Time::MIDNIGHT {
            return moment.date().fmt(f);
        }
        f.write_str(&moment.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MomentVisitor)
    }
}

/// Numbers and truth values are refused: `2026` is no date.
struct MomentVisitor;

impl Visitor<'_> for MomentVisitor {
    type Value = Moment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CURE)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Moment, E> {
        Err(E::custom(format!("nothing stands here: write {CURE}, or take the key away")))
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A date (midnight UTC), 2026-12-31, or a time with its zone, 2026-12-31T18:00:00+01:00",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$"
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64, nanoseconds: u32) -> Result<Moment, String> {
        Ok(Moment(SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds)))
    }

    #[test]
    fn dates_are_midnight_and_times_have_their_zone() {
        for (text, seconds, nanoseconds, shown) in [
            ("2026-12-31", 1_798_675_200, 0, "2026-12-31"),
            ("2026-12-31T00:00:00Z", 1_798_675_200, 0, "2026-12-31"),
            ("2026-12-31T18:00:00+01:00", 1_798_736_400, 0, "2026-12-31T17:00:00Z"),
            ("2026-12-31T18:00:00-01:00", 1_798_743_600, 0, "2026-12-31T19:00:00Z"),
            ("2026-12-31 18:00:00z", 1_798_740_000, 0, "2026-12-31T18:00:00Z"),
            ("2026-12-31t18:00:00.000000001Z", 1_798_740_000, 1, "2026-12-31T18:00:00.000000001Z"),
            ("2024-02-29", 1_709_164_800, 0, "2024-02-29"),
            ("1970-01-01", 0, 0, "1970-01-01"),
            ("9999-12-31T23:59:59Z", 253_402_300_799, 0, "9999-12-31T23:59:59Z"),
        ] {
            let moment = text.parse::<Moment>();
            assert_eq!(moment, at(seconds, nanoseconds), "{text}");
            assert_eq!(moment.map(|moment| moment.to_string()).as_deref(), Ok(shown));
        }
        assert!("1969-12-31".parse::<Moment>() < at(0, 0));
        let far = Moment(SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40));
        assert_eq!(far.to_string(), "a time beyond the calendar");
    }

    #[test]
    fn a_time_without_a_zone_is_refused_with_the_cure() {
        for text in ["2026-12-31T18:00:00", "2026-12-31 18:00:00", "2026-12-31T18:00:00.5"] {
            let error = text.parse::<Moment>().unwrap_err();
            assert!(error.contains("write `Z` behind it for UTC"), "{text}: {error}");
        }
    }

    #[test]
    fn nonsense_is_refused_and_not_shown() {
        for text in [
            "",
            "tomorrow",
            "2026-12-31T24:00:00Z",
            "2026-12-31T18:00Z",
            "26-12-31",
            "2026-1-1",
            "+2026-12-31",
            "-2026-12-31",
            "2026-12-31x18:00:00Z",
            "2026-12-31T18:00:00 CET",
            "31.12.2026",
            "12026-12-31",
            "2026-12-31T18:00:00+01",
            " 2026-12-31",
        ] {
            let error = text.parse::<Moment>().unwrap_err();
            assert_eq!(error, format!("neither a date nor a time: write {CURE}"), "{text}");
        }
        for text in ["2026-13-01", "2026-02-29", "2026-00-10"] {
            let error = text.parse::<Moment>().unwrap_err();
            assert_eq!(error, format!("no calendar has this day: write {CURE}"), "{text}");
        }
        for text in ["9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01"] {
            let read = text.parse::<Moment>();
            assert!(read.is_err_and(|error| error.starts_with("this is too far away")), "{text}");
        }
        let long = format!("2026-12-31T18:00:00.{}Z", "0".repeat(100));
        assert!(long.parse::<Moment>().is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "[-+:.TZ0-9 ]{0,40}") {
            let _ = text.parse::<Moment>();
        }

        #[test]
        fn is_written_as_it_is_read(seconds in 0_u64..253_402_300_799, nanoseconds in 0_u32..1_000_000_000) {
            let moment = at(seconds, nanoseconds).unwrap();
            prop_assert_eq!(moment.to_string().parse(), Ok(moment));
        }
    }
}
