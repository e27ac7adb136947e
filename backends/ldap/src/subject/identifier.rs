//! How the values of identifying attributes are written.

use std::fmt::Write as _;

use super::sid::{sid_of_text, text_of_sid};

/// The form of an attribute's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Sixteen bytes, of which Windows turns the first three fields around (MS-DTYP section 2.3.4).
    Guid,
    Sid,
    /// Text whose case does not matter.
    Folded,
    /// Text, or bytes in hex behind a `#`.
    Any,
}

impl Form {
    /// Of an attribute in lower case.
    pub(super) fn of(attribute: &str) -> Self {
        match attribute {
            "objectguid" => Self::Guid,
            "objectsid" => Self::Sid,
            "entryuuid" | "nsuniqueid" | "ipauniqueid" => Self::Folded,
            _ => Self::Any,
        }
    }

    pub(super) fn text(self, value: &[u8]) -> Option<String> {
        match self {
            Self::Guid => text_of_guid(value),
            Self::Sid => text_of_sid(value),
            Self::Folded => printable(value).map(str::to_ascii_lowercase),
            Self::Any => Some(printable(value).filter(|text| !text.starts_with('#')).map_or_else(
                || value.iter().fold("#".to_owned(), |text, byte| text + &format!("{byte:02x}")),
                str::to_owned,
            )),
        }
    }

    pub(super) fn bytes(self, text: &str) -> Option<Vec<u8>> {
        match (self, text.strip_prefix('#')) {
            (Self::Guid, _) => guid_of_text(text),
            (Self::Sid, _) => sid_of_text(text),
            (Self::Any, Some(hex)) => bytes_of_hex(hex),
            (Self::Folded | Self::Any, _) => Some(text.as_bytes().to_vec()),
        }
    }
}

fn printable(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok().filter(|text| !text.chars().any(char::is_control))
}

/// Which byte of a GUID is printed where, in groups with a hyphen between them.
const PRINTED: [&[usize]; 5] = [&[3, 2, 1, 0], &[5, 4], &[7, 6], &[8, 9], &[10, 11, 12, 13, 14, 15]];

fn text_of_guid(value: &[u8]) -> Option<String> {
    if value.len() != 16 {
        return None;
    }
    let mut text = String::with_capacity(36);
    for group in PRINTED {
        if !text.is_empty() {
            text.push('-');
        }
        for place in group {
            write!(text, "{:02x}", value.get(*place)?).ok()?;
        }
    }
    Some(text)
}

fn guid_of_text(text: &str) -> Option<Vec<u8>> {
    let mut guid = vec![0; 16];
    let mut groups = text.split('-');
    for group in PRINTED {
        let bytes = bytes_of_hex(groups.next()?).filter(|bytes| bytes.len() == group.len())?;
        for (place, byte) in group.iter().zip(bytes) {
            *guid.get_mut(*place)? = byte;
        }
    }
    groups.next().is_none().then_some(guid)
}

fn bytes_of_hex(hex: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    };
    hex.as_bytes().chunks(2).map(pair).collect()
}
