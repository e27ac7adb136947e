//! `valid: {from, until}` and `disabled: true`: when an account or a rule counts.

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::Moment;

/// The value of `valid:`, a window of time: `from` belongs to it, `until` does not. Without the key there is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Window {
    from: Option<SystemTime>,
    until: Option<SystemTime>,
}

/// The keys of a window.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Keys {
    /// When it begins. Without it it has begun already.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Moment")]
    from: Option<Moment>,
    /// When it has ended: the first moment that is no longer in it.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Moment")]
    until: Option<Moment>,
}

/// A key with nothing behind it is not one that is missing: an end that was forgotten must not be no end.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Moment>, D::Error> {
    Moment::deserialize(deserializer).map(Some)
}

impl Window {
    /// A window between two times; without one of them it is open on that side.
    ///
    /// # Errors
    /// If it ends before or when it begins, in words that name both times.
    pub fn new(from: Option<SystemTime>, until: Option<SystemTime>) -> Result<Self, String> {
        match (from, until) {
            (Some(from), Some(until)) if from >= until => Err(format!(
                "`until` ({}) is not after `from` ({}): nothing would ever be valid; exchange them, or write \
                 `disabled: true`",
                Moment(until),
                Moment(from)
            )),
            _ => Ok(Self { from, until }),
        }
    }

    /// When it begins, if it has a beginning.
    pub fn from(&self) -> Option<SystemTime> {
        self.from
    }

    /// When it has ended, if it ends.
    pub fn until(&self) -> Option<SystemTime> {
        self.until
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(WindowVisitor)
    }
}

struct WindowVisitor;

impl<'de> Visitor<'de> for WindowVisitor {
    type Value = Window;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`from`, `until`, or both: `valid: {until: 2026-12-31}`")
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Window, D::Error> {
        match Keys::deserialize(deserializer)? {
            Keys { from: None, until: None } => Err(de::Error::invalid_length(0, &self)),
            Keys { from, until } => {
                Window::new(from.map(|from| from.0), until.map(|until| until.0)).map_err(de::Error::custom)
            }
        }
    }

    fn visit_none<E: de::Error>(self) -> Result<Window, E> {
        Err(E::custom(
            "nothing stands behind `valid`: write `valid: {until: 2026-12-31}`, or take the key away",
        ))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Window, E> {
        self.visit_none()
    }
}

impl JsonSchema for Window {
    fn schema_name() -> Cow<'static, str> {
        "Window".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Keys::json_schema(generator);
        schema.insert("minProperties".to_owned(), 1.into());
        schema
    }
}

/// What `valid` and `disabled` say together of an account or a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Validity {
    /// `valid`.
    pub window: Window,
    /// `disabled`.
    pub disabled: bool,
}

/// How something stands at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Valid,
    /// Its window begins at this time.
    Ahead(SystemTime),
    /// Its window ended at this time.
    Over(SystemTime),
    /// Somebody disabled it.
    Disabled,
}

impl Validity {
    /// How it stands at a time. Disabled is disabled, whatever the window.
    pub fn at(&self, now: SystemTime) -> Standing {
        match self.window {
            _ if self.disabled => Standing::Disabled,
            Window { from: Some(from), .. } if now < from => Standing::Ahead(from),
            Window { until: Some(until), .. } if now >= until => Standing::Over(until),
            _ => Standing::Valid,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Entry, Key, KeyPath, Location, Node, Value};
    use super::*;

    const NANOSECOND: Duration = Duration::from_nanos(1);

    fn time(text: &str) -> SystemTime {
        text.parse::<Moment>().unwrap().0
    }

    fn window(from: Option<&str>, until: Option<&str>) -> Window {
        Window::new(from.map(time), until.map(time)).unwrap()
    }

    #[derive(Debug, PartialEq, serde::Deserialize, JsonSchema)]
    struct Section {
        #[serde(default)]
        valid: Window,
        #[serde(default)]
        disabled: bool,
    }

    fn plain(text: &str) -> Node {
        let value = Value::Scalar { text: text.into(), quoted: false };
        Node { location: Location::new("test.yml", 2, 1), value }
    }

    fn map(entries: &[(&str, Node)]) -> Node {
        let location = Location::new("test.yml", 1, 1);
        let entry = |(key, value): &(&str, Node)| Entry {
            key: Key { text: (*key).into(), location: location.clone() },
            value: value.clone(),
        };
        Node { location: location.clone(), value: Value::Mapping(entries.iter().map(entry).collect()) }
    }

    fn read(section: &[(&str, Node)]) -> Result<Section, Vec<String>> {
        let decoded = map(section).decode(&KeyPath::root());
        decoded.map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    fn valid(keys: &[(&str, &str)]) -> Result<Window, Vec<String>> {
        let keys: Vec<_> = keys.iter().map(|(key, text)| (*key, plain(text))).collect();
        read(&[("valid", map(&keys))]).map(|section| section.valid)
    }

    #[test]
    fn both_edges_are_exact() {
        let (from, until) = (time("2026-03-01"), time("2026-04-01T12:00:00+02:00"));
        let validity = Validity { window: Window::new(Some(from), Some(until)).unwrap(), disabled: false };
        for (now, standing) in [
            (from - NANOSECOND, Standing::Ahead(from)),
            (from, Standing::Valid),
            (until - NANOSECOND, Standing::Valid),
            (until, Standing::Over(until)),
        ] {
            assert_eq!(validity.at(now), standing, "{}", Moment(now));
            assert_eq!(Validity { disabled: true, ..validity }.at(now), Standing::Disabled);
            assert_eq!(Validity::default().at(now), Standing::Valid);
        }
        let ending = Validity { window: window(None, Some("2026-03-01")), disabled: false };
        assert_eq!(ending.at(SystemTime::UNIX_EPOCH), Standing::Valid);
        let beginning = Validity { window: window(Some("2026-03-01"), None), disabled: false };
        assert_eq!(beginning.at(time("9999-01-01")), Standing::Valid);
    }

    #[test]
    fn either_key_will_do_and_neither_is_no_window() {
        assert_eq!(valid(&[("until", "2026-12-31")]), Ok(window(None, Some("2026-12-31"))));
        assert_eq!(valid(&[("from", "2026-12-31")]), Ok(window(Some("2026-12-31"), None)));
        let both = valid(&[("from", "2026-12-31"), ("until", "2026-12-31T01:00:00Z")]);
        assert_eq!(both, Ok(window(Some("2026-12-31"), Some("2026-12-31T01:00:00Z"))));
        assert_eq!(read(&[]), Ok(Section { valid: Window::default(), disabled: false }));
        assert!(read(&[("disabled", plain("yes"))]).unwrap().disabled);
    }

    #[test]
    fn what_is_wrong_is_said_once_with_its_place_and_the_cure() {
        let moment =
            "a date, such as `2026-12-31`, or a time with its zone, such as `2026-12-31T18:00:00+01:00`";
        for (keys, expected) in [
            (&[][..], "1:1: valid: expected `from`, `until`, or both: `valid: {until: 2026-12-31}`".to_owned()),
            (&[("until", "soon")], format!("2:1: valid.until: neither a date nor a time: write {moment}")),
            (&[("from", "soon")], format!("2:1: valid.from: neither a date nor a time: write {moment}")),
            (&[("until", "2026")], format!("2:1: valid.until: expected {moment}")),
            (&[("until", "20.26")], format!("2:1: valid.until: expected {moment}")),
            (&[("until", "true")], format!("2:1: valid.until: expected {moment}")),
            (
                &[("until", "")],
                format!("2:1: valid.until: nothing stands here: write {moment}, or take the key away"),
            ),
            (&[("untill", "2026-12-31")], "1:1: valid.untill: unknown key `untill`: did you mean `until`?".to_owned()),
            (
                &[("from", "2026-12-31"), ("until", "2026-12-31T00:00:00Z")],
                "1:1: valid: `until` (2026-12-31) is not after `from` (2026-12-31): nothing would ever be valid; \
                 exchange them, or write `disabled: true`"
                    .to_owned(),
            ),
        ] {
            assert_eq!(valid(keys), Err(vec![format!("test.yml:{expected}")]));
        }
        for (key, expected) in [
            (
                "valid",
                "valid: nothing stands behind `valid`: write `valid: {until: 2026-12-31}`, or take the key away",
            ),
            ("disabled", "disabled: expected true or false, found nothing"),
        ] {
            assert_eq!(read(&[(key, plain(""))]), Err(vec![format!("test.yml:2:1: {expected}")]));
        }
        let scalar = read(&[("valid", plain("2026-12-31"))]).unwrap_err();
        assert_eq!(
            scalar,
            [
                "test.yml:2:1: valid: expected a mapping with keys such as `from`, `until`, found a single value"
            ]
        );
    }

    #[test]
    fn the_schema_knows_both_keys() {
        let schema = schemars::schema_for!(Window).to_value();
        assert_eq!(schema["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), ["from", "until"]);
        assert_eq!((&schema["minProperties"], &schema["additionalProperties"]), (&1.into(), &false.into()));
        assert_eq!(schema["properties"]["until"]["$ref"], "#/$defs/Moment");
    }
}
