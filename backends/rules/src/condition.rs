//! A condition as it is written, down to the difference between nothing and no key.

use std::borrow::Cow;

use dockgate_api::config::{Located, Location};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

/// What stands behind a key of `match`.
#[derive(Clone, Debug, Default)]
pub enum Condition<T> {
    /// There is no such key.
    #[default]
    Absent,
    /// Nothing stands there. As for docker_auth that is no condition; hardly anybody means it.
    Nothing(Location),
    /// A value.
    Given(T),
}

impl<T> Condition<T> {
    /// The value, if there is one.
    pub fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Given(value) => Some(value),
            Self::Absent | Self::Nothing(_) => None,
        }
    }

    /// Where nothing stands.
    pub(crate) fn nothing(&self) -> Option<&Location> {
        match self {
            Self::Nothing(location) => Some(location),
            Self::Absent | Self::Given(_) => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Condition<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Located { location, value, .. } = Located::<Option<T>>::deserialize(deserializer)?;
        Ok(value.map_or(Self::Nothing(location), Self::Given))
    }
}

impl<T: JsonSchema> JsonSchema for Condition<T> {
    fn inline_schema() -> bool {
        Option::<T>::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        Option::<T>::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}
