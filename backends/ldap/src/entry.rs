//! One entry of a directory, as far as it was asked for.

use std::collections::BTreeMap;

/// An entry. Attribute descriptions are compared without regard to case (RFC 4512 section 2.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its distinguished name, as the directory spells it.
    pub(crate) dn: String,
    /// By description in lower case, options included: `memberof;range=0-1499`.
    attributes: BTreeMap<String, Attribute>,
}

#[derive(Clone, Debug, Default)]
struct Attribute {
    /// As the directory spells it.
    spelled: String,
    values: Vec<Vec<u8>>,
}

/// Spellings do not matter.
impl PartialEq for Attribute {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl Eq for Attribute {}

impl Entry {
    pub(crate) fn new(dn: impl Into<String>) -> Self {
        Self { dn: dn.into(), attributes: BTreeMap::new() }
    }

    /// Adds values to an attribute.
    pub(crate) fn add(&mut self, description: &str, values: impl IntoIterator<Item = Vec<u8>>) {
        let attribute = self
            .attributes
            .entry(description.to_ascii_lowercase())
            .or_insert_with(|| Attribute { spelled: description.to_owned(), values: Vec::new() });
        attribute.values.extend(values);
    }

    /// Takes an attribute away, with its values.
    pub(crate) fn take(&mut self, description: &str) -> Vec<Vec<u8>> {
        self.attributes.remove(&description.to_ascii_lowercase()).unwrap_or_default().values
    }

    /// The values of an attribute; none if it has none, or may not be read.
    pub(crate) fn values(&self, description: &str) -> &[Vec<u8>] {
        self.attributes
            .get(&description.to_ascii_lowercase())
            .map_or(&[], |attribute| attribute.values.as_slice())
    }

    /// Those values that are text, in the order in which they came.
    pub(crate) fn texts(&self, description: &str) -> impl Iterator<Item = &str> {
        self.values(description).iter().filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// The one value of an attribute that has one at most.
    pub(crate) fn text(&self, description: &str) -> Option<&str> {
        self.texts(description).next()
    }

    /// Descriptions in lower case.
    pub(crate) fn descriptions(&self) -> impl Iterator<Item = &str> {
        self.attributes.keys().map(String::as_str)
    }

    /// Descriptions as the directory spells them, with their values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[Vec<u8>])> {
        self.attributes.values().map(|attribute| (attribute.spelled.as_str(), attribute.values.as_slice()))
    }
}
