//! `socket:` — who may knock at a unix socket.

use std::borrow::Cow;
use std::fmt;

use dockgate_api::config::{KeyPath, Located, Problem};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer};

/// A socket file's mode and owner, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SocketConfig {
    /// The file's mode in octal, such as `"0660"`: who may write may connect. As the system makes it if not given.
    pub mode: Option<Mode>,
    /// A user's name or number.
    pub owner: Option<Located<String>>,
    /// A group's name or number.
    pub group: Option<Located<String>>,
}

/// What a socket file is made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketOptions {
    /// The file's mode; as the system makes it if not given.
    pub mode: Option<Mode>,
    /// Who owns it; us if not given.
    pub owner: Option<Named>,
    /// Whose group it has; ours if not given.
    pub group: Option<Named>,
}

/// A user's or group's name or number and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name or number.
    pub name: Located<String>,
    /// The key that it stands behind, such as `server.socket.group`.
    pub path: KeyPath,
}

impl SocketOptions {
    /// Nobody but us.
    pub const PRIVATE: Self = Self { mode: Some(Mode(0o600)), owner: None, group: None };

    /// Whether a socket file made with these is as one made with others, wherever they stand.
    pub fn is_as(&self, other: &Self) -> bool {
        let name = |named: &Option<Named>| named.as_ref().map(|named| named.name.value.clone());
        self.mode == other.mode
            && name(&self.owner) == name(&other.owner)
            && name(&self.group) == name(&other.group)
    }
}

impl SocketConfig {
    /// To connect is to write, and the usual umasks let no group write.
    pub(super) fn given_without_a_mode(&self, path: &KeyPath) -> Option<Problem> {
        let group = self.group.as_ref().filter(|group| !group.is_empty() && self.mode.is_none())?;
        let message = "without `mode` the umask decides whether the group may connect, and mostly it may not: write \
                       `mode: \"0660\"` beside it";
        Some(Problem::new(group.location.clone(), path.key("group"), message))
    }

    /// The same with the keys' whole paths.
    pub(super) fn options(&self, path: &KeyPath) -> SocketOptions {
        let named = |name: &Option<Located<String>>, key| {
            name.clone().filter(|name| !name.is_empty()).map(|name| Named { name, path: path.key(key) })
        };
        SocketOptions {
            mode: self.mode,
            owner: named(&self.owner, "owner"),
            group: named(&self.group, "group"),
        }
    }
}

/// The permission bits of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mode(pub u32);

impl Mode {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0o").unwrap_or(text);
        let octal =
            (3..=4).contains(&digits.len()) && digits.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
        let bits = octal.then(|| u32::from_str_radix(digits, 8).ok()).flatten()?;
        (bits <= 0o777).then_some(Self(bits))
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0{:o}", self.0)
    }
}

impl<'de> Deserialize<'de> for Mode {
    /// From the text as it stands in the file: to one YAML `0660` is octal, to another it is decimal.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ModeVisitor;
        impl Visitor<'_> for ModeVisitor {
            type Value = Mode;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mode such as `\"0660\"`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Mode, E> {
                Mode::parse(text).ok_or_else(|| {
                    E::custom("this is no mode: write three octal digits for user, group and others, such as `\"0660\"`")
                })
            }
        }
        deserializer.deserialize_str(ModeVisitor).map_err(D::Error::custom)
    }
}

impl JsonSchema for Mode {
    fn schema_name() -> Cow<'static, str> {
        "Mode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "description": "A file's mode in octal, such as \"0660\"",
            "pattern": "^(0o)?0?[0-7]{3}$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        for (text, bits) in [("0660", 0o660), ("660", 0o660), ("0o600", 0o600), ("0777", 0o777), ("000", 0)] {
            assert_eq!(Mode::parse(text), Some(Mode(bits)), "{text}");
        }
        for text in ["", "60", "0888", "1777", "04755", "rw-rw----", "-660", "+660", "0x1b0", "00660", "06 0"]
        {
            assert_eq!(Mode::parse(text), None, "{text}");
        }
    }
}
