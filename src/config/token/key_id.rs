use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use crate::token::KeyId;

/// What `kid` says: `libtrust`, `rfc7638`, or `{text: …}`. A fixed text is marked as such, so that a typing error in
/// one of the words is never sent out as a key's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyIdConfig(pub KeyId);

/// Longer ones only make tokens longer.
const LONGEST: usize = 256;

impl<'de> Deserialize<'de> for KeyIdConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyIdVisitor).map(Self)
    }
}

struct KeyIdVisitor;

impl<'de> Visitor<'de> for KeyIdVisitor {
    type Value = KeyId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`libtrust`, `rfc7638` or `{text: …}`")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<KeyId, E> {
        match word {
            "libtrust" => Ok(KeyId::Libtrust),
            "rfc7638" => Ok(KeyId::Rfc7638),
            other => Err(E::custom(format!(
                "`{other}` is neither `libtrust` nor `rfc7638`: a fixed text is written `{{text: \"{other}\"}}`"
            ))),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<KeyId, A::Error> {
        let mut text: Option<String> = None;
        while let Some(key) = entries.next_key::<String>()? {
            if key != "text" {
                return Err(de::Error::unknown_field(&key, &["text"]));
            }
            text = Some(entries.next_value()?);
        }
        let text = text.ok_or_else(|| de::Error::missing_field("text"))?;
        if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
            let message =
                "must be 1 to 256 bytes without control characters: the registry's `kid` of the key";
            return Err(de::Error::custom(message));
        }
        Ok(KeyId::Text(text.into()))
    }
}

impl JsonSchema for KeyIdConfig {
    fn schema_name() -> Cow<'static, str> {
        "KeyId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [
                {"enum": ["libtrust", "rfc7638"]},
                {
                    "type": "object",
                    "properties": {"text": {"type": "string", "minLength": 1, "maxLength": LONGEST}},
                    "required": ["text"],
                    "additionalProperties": false,
                },
            ]
        })
    }
}
