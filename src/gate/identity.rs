//! What a registry behind the gate is told of who came.

use std::fmt::Write as _;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use dockgate_api::{LabelValue, Labels};

/// The values of all headers together, in bytes: nginx reads 4 KiB of an answer's head.
const LONGEST: usize = 2048;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The account.
    Account,
    /// The values of a label, with commas between them.
    Label(String),
}

/// The headers of the answer that say who came. All of them are in every answer, empty where there is nothing to say: a
/// proxy that copies them then overwrites what the client sent under these names.
#[derive(Clone, Debug, Default)]
pub struct IdentityHeaders(Vec<(HeaderName, Told)>);

impl IdentityHeaders {
    /// These headers.
    pub fn new(headers: Vec<(HeaderName, Told)>) -> Self {
        Self(headers)
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.0.iter().map(|(name, _)| name)
    }

    /// Writes them; nobody is an empty account without labels. Whole values only, as many as fit: who is told of fewer groups
    /// may do less. Says how many were left out.
    pub fn write(&self, account: &str, labels: &Labels, to: &mut HeaderMap) -> usize {
        let (mut room, mut left_out) = (LONGEST, 0);
        for (name, told) in &self.0 {
            let values: Vec<&str> = match told {
                Told::Account => vec![account],
                Told::Label(label) => labels.values(label).iter().map(LabelValue::as_str).collect(),
            };
            let value = joined(&values, &mut room, &mut left_out);
            // What is encoded is printable ASCII.
            let value = HeaderValue::from_str(&value).unwrap_or_else(|_| HeaderValue::from_static(""));
            to.insert(name.clone(), value);
        }
        left_out
    }
}

fn joined(values: &[&str], room: &mut usize, left_out: &mut usize) -> String {
    let mut joined = String::new();
    for (place, value) in values.iter().enumerate() {
        let value = encoded(value);
        let Some(rest) = room.checked_sub(value.len() + 1) else {
            *left_out += values.len() - place;
            break;
        };
        *room = rest;
        if place > 0 {
            joined.push(',');
        }
        joined.push_str(&value);
    }
    joined
}

/// Percent-encoded but for what separates nothing anywhere: the name of an account or a group may hold anything.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@+/:=".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
