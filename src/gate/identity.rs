//! What a registry behind the gate is told of who came.

use std::fmt::Write as _;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use dockgate_api::Labels;

/// The values of a header together, in bytes: nginx reads 4 KiB of an answer's head.
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

    /// Writes them; nobody is an empty account without labels.
    pub fn write(&self, account: &str, labels: &Labels, to: &mut HeaderMap) {
        for (name, told) in &self.0 {
            let value = match told {
                Told::Account => encoded(account),
                Told::Label(label) => joined(label, labels),
            };
            // What is encoded is printable ASCII.
            let value = HeaderValue::from_str(&value).unwrap_or_else(|_| HeaderValue::from_static(""));
            to.insert(name.clone(), value);
        }
    }
}

/// Whole values only, as many as fit: who is told of fewer groups may do less.
fn joined(label: &str, labels: &Labels) -> String {
    let mut joined = String::new();
    let values = labels.values(label);
    for (place, value) in values.iter().enumerate() {
        let value = encoded(value.as_str());
        if joined.len() + value.len() >= LONGEST {
            let left_out = values.len() - place;
            tracing::warn!(
                label,
                left_out,
                "an identity header would be too long: values are left out of it"
            );
            break;
        }
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
