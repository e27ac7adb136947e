//! Where a claim stands: `email`, `realm_access.roles`, `https://example.com/groups`.

use std::borrow::Cow;
use std::fmt;

use dockgate_api::config::nearest;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Deeper claims are a slip of the pen.
const DEEPEST: usize = 16;
/// In bytes.
const LONGEST: usize = 1024;

/// The keys to a claim, from the outside in.
///
/// Written as text, dots part the keys and `\.` is a dot of a key's own. A text that begins like a URL is one key, since
/// providers name claims so; so is each item of a list, whatever stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimPath {
    written: String,
    keys: Vec<String>,
}

impl ClaimPath {
    /// A claim at the top.
    pub(crate) fn top(name: &str) -> Self {
        Self { written: name.to_owned(), keys: vec![name.to_owned()] }
    }

    /// Reads what is written as one text.
    ///
    /// # Errors
    /// What is wrong with it, and the cure.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if text.starts_with("https://") || text.starts_with("http://") || text.starts_with("urn:") {
            return Self::of_keys(vec![text.to_owned()], text.to_owned());
        }
        let (mut keys, mut key) = (Vec::new(), String::new());
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '.' => keys.push(std::mem::take(&mut key)),
                '\\' => match characters.next() {
                    Some(literal @ ('.' | '\\')) => key.push(literal),
                    _ => return Err("after `\\` only `.` or `\\` may stand: `a\\.b` is one key".to_owned()),
                },
                other => key.push(other),
            }
        }
        keys.push(key);
        Self::of_keys(keys, text.to_owned())
    }

    fn of_keys(keys: Vec<String>, written: String) -> Result<Self, String> {
        if keys.is_empty() || keys.iter().any(String::is_empty) {
            let cure = "name a claim, such as `groups`, or the way to it, such as `realm_access.roles`";
            return Err(format!("an empty key names no claim: {cure}"));
        }
        if keys.len() > DEEPEST || keys.iter().map(String::len).sum::<usize>() > LONGEST {
            return Err(format!("at most {DEEPEST} keys and {LONGEST} bytes lead to a claim"));
        }
        if keys.iter().any(|key| key.contains(char::is_control)) {
            return Err("a claim's name holds no control characters".to_owned());
        }
        Ok(Self { written, keys })
    }

    /// What stands there.
    pub(crate) fn find<'c>(&self, claims: &'c Map<String, Value>) -> Option<&'c Value> {
        let (first, rest) = self.keys.split_first()?;
        rest.iter().try_fold(claims.get(first)?, |value, key| value.as_object()?.get(key))
    }

    /// The key at the top.
    pub(crate) fn first(&self) -> &str {
        self.keys.first().map_or("", String::as_str)
    }

    /// Whether it is this claim at the top.
    pub(crate) fn is_top(&self, name: &str) -> bool {
        self.keys.len() == 1 && self.first() == name
    }

    /// A standard claim that was probably meant.
    pub(crate) fn nearest_standard(&self) -> Option<&'static str> {
        let known = ["email", "preferred_username", "name", "nickname", "sub", "upn", "oid", "groups"];
        nearest(&self.written, known).filter(|near| *near != self.written)
    }

    /// What stands in the configuration.
    pub(crate) fn as_str(&self) -> &str {
        &self.written
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl<'de> Deserialize<'de> for ClaimPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PathVisitor)
    }
}

struct PathVisitor;

impl<'de> Visitor<'de> for PathVisitor {
    type Value = ClaimPath;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a claim, such as `groups` or `realm_access.roles`, or a list of its keys")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ClaimPath, E> {
        ClaimPath::read(text).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ClaimPath, A::Error> {
        let mut keys: Vec<String> = Vec::new();
        while let Some(key) = items.next_element()? {
            keys.push(key);
        }
        let escape = |key: &String| key.replace('\\', "\\\\").replace('.', "\\.");
        let written = keys.iter().map(escape).collect::<Vec<_>>().join(".");
        ClaimPath::of_keys(keys, written).map_err(de::Error::custom)
    }
}

impl JsonSchema for ClaimPath {
    fn schema_name() -> Cow<'static, str> {
        "ClaimPath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A claim: `groups`, `realm_access.roles` (dots part the keys, `\\.` is a literal one), a URL, or a \
                            list of keys",
            "oneOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string"}, "minItems": 1}
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn dots_part_keys_unless_they_are_escaped_or_in_a_url() {
        let claims = map(json!({
            "groups": 1,
            "realm_access": {"roles": 2},
            "a.b": {"c\\d": 3},
            "https://example.com/groups": 4,
            "urn:example:a.b": 5,
        }));
        for (text, value) in [
            ("groups", Some(1)),
            ("realm_access.roles", Some(2)),
            ("a\\.b.c\\\\d", Some(3)),
            ("https://example.com/groups", Some(4)),
            ("urn:example:a.b", Some(5)),
            ("a.b", None),
            ("groups.roles", None),
            ("realm_access.missing", None),
        ] {
            let found = ClaimPath::read(text).unwrap().find(&claims).and_then(Value::as_u64);
            assert_eq!(found, value, "{text}");
        }
    }

    #[test]
    fn what_names_no_claim_is_refused() {
        for (text, why) in [
            ("", "empty key"),
            (".a", "empty key"),
            ("a..b", "empty key"),
            ("a.", "empty key"),
            ("a\\", "after `\\`"),
            ("a\\b", "after `\\`"),
            ("a\nb", "control characters"),
            (&"a.".repeat(20).as_str()[..39], "at most 16"),
            (&"a".repeat(1025), "at most 16"),
        ] {
            assert!(ClaimPath::read(text).unwrap_err().contains(why), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_keys_can_be_written_as_a_text_and_as_a_list(
            keys in proptest::collection::vec("[a-z.\\\\/: ]{1,8}", 1..5)
        ) {
            let listed: ClaimPath = serde_json::from_value(json!(keys)).unwrap();
            let mut value = json!("found");
            for key in keys.iter().rev() {
                value = json!({ key: value });
            }
            let claims = map(value);
            prop_assert_eq!(listed.find(&claims), Some(&json!("found")));
            if !listed.as_str().starts_with("urn:") {
                prop_assert_eq!(ClaimPath::read(listed.as_str()).unwrap().find(&claims), Some(&json!("found")));
            }
        }

        #[test]
        fn no_text_is_too_much(text in ".{0,64}") {
            if let Ok(path) = ClaimPath::read(&text) {
                prop_assert!(path.find(&Map::new()).is_none());
            }
        }
    }
}
