//! A value within a name.

use std::fmt::Write as _;

use super::escape::{escape_bytes, escape_value};
use super::prepared::prepared;

/// What stands behind the `=`.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Text, unescaped.
    Text(String),
    /// Hex pairs that make no text.
    Bytes(Vec<u8>),
    /// `#04024869`: the value's BER encoding, of a kind that is no text.
    Ber(Vec<u8>),
}

impl Value {
    /// From the bytes of a text.
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|error| Self::Bytes(error.into_bytes()), Self::Text)
    }

    /// From a BER encoding; the encoding of a text is that text.
    pub(super) fn of_ber(ber: Vec<u8>) -> Self {
        text_of_ber(&ber).map(str::to_owned).map_or(Self::Ber(ber), Self::Text)
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bytes(_) | Self::Ber(_) => None,
        }
    }

    /// One spelling for all that are equal, and different spellings for all that are not.
    pub(super) fn normalised(&self) -> String {
        let mut normal = String::new();
        match self {
            Self::Text(text) => return escape_value(&prepared(text)),
            Self::Bytes(bytes) => escape_bytes(bytes, &mut normal),
            Self::Ber(ber) => {
                normal.push('#');
                for byte in ber {
                    let _ = write!(normal, "{byte:02x}");
                }
            }
        }
        normal
    }
}

/// The text in a `UTF8String`, `PrintableString` or `IA5String` (X.690 section 8.23) that is all of the encoding.
fn text_of_ber(ber: &[u8]) -> Option<&str> {
    let (0x0c | 0x13 | 0x16, rest) = ber.split_first()? else { return None };
    let (&length, rest) = rest.split_first()?;
    let (length, text) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (length, text) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (
                length
                    .iter()
                    .try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?,
                text,
            )
        }
        _ => return None,
    };
    if text.len() == length { std::str::from_utf8(text).ok() } else { None }
}
