//! Secrets, as they stand in the section or in a file of their own.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use super::{KeyPath, Located, Location, Remark};
use crate::{BuildContext, BuildError};

/// A secret that stands in the section.
pub struct Secret(SecretString);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

impl From<SecretString> for Secret {
    /// One that was made of another.
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

/// Both ways to give one.
pub type Given = (Option<Located<Secret>>, Option<Located<PathBuf>>);

/// A secret and where it is named, for what is wrong with it.
pub struct Found {
    /// The secret itself.
    pub secret: SecretString,
    /// Where it or its file is named.
    pub location: Location,
    /// By which key.
    pub key: String,
}

/// The secret of one of two keys, `NAME` and `NAME_file`; none if there is neither, or if files are not to be read.
pub fn find(name: &str, given: Given, cx: &BuildContext, errors: &mut BuildError) -> Option<Found> {
    let of_file = format!("{name}_file");
    match given {
        (None, None) => None,
        (Some(inline), None) => {
            Some(Found { secret: inline.value.0, location: inline.location, key: name.to_owned() })
        }
        (None, Some(_)) if cx.offline() => None,
        (None, Some(file)) => match cx.read_secret(&file.value) {
            Ok(secret) => Some(Found { secret, location: file.location, key: of_file }),
            Err(message) => {
                errors.add(Remark::new(file.location, KeyPath::root().key(&of_file), message));
                None
            }
        },
        (Some(_), Some(file)) => {
            let message = format!("`{name}` stands there too: keep one of them");
            errors.add(Remark::new(file.location, KeyPath::root().key(&of_file), message));
            None
        }
    }
}
