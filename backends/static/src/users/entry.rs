//! One account as it is written down, down to the difference between nothing and no key.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;

use dockgate_api::config::{Located, Validity, Window};
use dockgate_api::secrecy::SecretString;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

/// The right-hand side of `ACCOUNT:`.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) password: Option<Located<Stored>>,
    pub(super) password_file: Option<Located<PathBuf>>,
    pub(super) labels: WrittenLabels,
    pub(super) validity: Validity,
}

/// A stored hash.
#[derive(Debug)]
pub(super) struct Stored(pub(super) SecretString);

/// Label names with their values, or nothing behind the key `labels`.
pub(super) type WrittenLabels = Option<BTreeMap<String, Values>>;

/// The values of one label.
#[derive(Debug)]
pub(super) struct Values(pub(super) Vec<String>);

/// The keys of an entry. One that is missing has its default; one with nothing behind it is seen by its own
/// type.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Keys {
    /// The hash of the password, such as `dockgate hash` makes. Without this key any password will do.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "String")]
    password: Option<Located<Stored>>,
    /// A file that holds the hash, in place of `password`.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "String")]
    password_file: Option<Located<PathBuf>>,
    /// What rules can ask for with `match.labels` and `${labels:KEY}`.
    #[serde(default = "no_labels")]
    labels: WrittenLabels,
    /// When the account gets tokens: `{from, until}`. Outside of it nobody gets in under this name.
    #[serde(default)]
    valid: Window,
    /// Whether nobody gets in under this name.
    #[serde(default)]
    disabled: bool,
}

/// None means that the key is there with nothing behind it.
fn no_labels() -> WrittenLabels {
    Some(BTreeMap::new())
}

fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let complaint = "nothing stands behind this account: give it a `password` (a hash; `dockgate hash` \
                         makes one), or write `{}` if any password is to do";
        let keys: Keys = deserializer.deserialize_option(Something { complaint, kind: PhantomData })?;
        let Keys { password, password_file, labels, valid, disabled } = keys;
        Ok(Self { password, password_file, labels, validity: Validity { window: valid, disabled } })
    }
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let complaint = "nothing stands behind `password`: write a hash (`dockgate hash` makes one), or \
                         take the key away if any password is to do";
        let text: String = deserializer.deserialize_option(Something { complaint, kind: PhantomData })?;
        Ok(Self(text.into()))
    }
}

/// Takes a value and refuses nothing.
struct Something<T> {
    complaint: &'static str,
    kind: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Something<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_none<E: de::Error>(self) -> Result<T, E> {
        Err(E::custom(self.complaint))
    }

    fn visit_unit<E: de::Error>(self) -> Result<T, E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of values: write `[developers]` also for a single one")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Values, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element()? {
            values.push(value);
        }
        Ok(Values(values))
    }

    /// As for docker_auth: a label without values is none.
    fn visit_unit<E: de::Error>(self) -> Result<Values, E> {
        Ok(Values(Vec::new()))
    }
}

impl JsonSchema for Entry {
    fn schema_name() -> Cow<'static, str> {
        "User".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Keys::json_schema(generator)
    }
}

impl JsonSchema for Values {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "LabelValues".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<Vec<String>>::json_schema(generator)
    }
}
