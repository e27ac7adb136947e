//! Distinguished names (RFC 4514).
//!
//! Directories spell one name in many ways: another case, other spaces, other escapes. Here two names are equal if a
//! directory takes them for one entry. In doubt they are not: who is in a group hangs on it.

mod attribute_type;
mod error;
mod escape;
mod name_template;
mod parse;
mod prepared;
#[cfg(test)]
mod tests;
mod value;

use std::hash::{Hash, Hasher};

pub(crate) use attribute_type::{is_oid, same_type};
pub(crate) use error::DnError;
pub(crate) use escape::escape_value;
pub(crate) use name_template::NameTemplate;
pub(crate) use prepared::same_text;
use value::Value;

/// A distinguished name, leaf first. The name without any part is the root of the directory.
#[derive(Clone, Debug)]
pub(crate) struct Dn {
    rdns: Vec<Rdn>,
}

/// A relative distinguished name: what an entry is called below its parent.
#[derive(Clone, Debug)]
struct Rdn {
    /// As they stand in the text.
    parts: Vec<Part>,
    /// One spelling for all that are equal.
    normal: String,
}

/// One attribute type with its value.
#[derive(Clone, Debug)]
struct Part {
    kind: String,
    value: Value,
}

impl Dn {
    /// Reads a name as RFC 4514 writes it, and as RFC 2253 section 4 lets older programs write it: spaces around `,`, `+`
    /// and `=`, `;` between the parts, quoted values, `OID.2.5.4.3`.
    ///
    /// # Errors
    /// If it is none, or is longer than a name may be.
    pub(crate) fn parse(text: &str) -> Result<Self, DnError> {
        parse::parse(text)
    }

    /// Whether an entry of this name is the base or below it.
    pub(crate) fn is_within(&self, base: &Self) -> bool {
        let above = self.rdns.len().checked_sub(base.rdns.len()).and_then(|at| self.rdns.get(at..));
        above.is_some_and(|above| above == base.rdns)
    }

    /// The first `cn` from the left, unescaped, in the directory's spelling.
    pub(crate) fn common_name(&self) -> Option<&str> {
        let mut parts = self.rdns.iter().flat_map(|rdn| &rdn.parts);
        parts.find(|part| same_type(&part.kind, "cn")).and_then(|part| part.value.as_text())
    }

    /// Attribute types and unescaped values of the entry's own part, in the directory's spelling. Values that are no text
    /// are not among them.
    pub(crate) fn leaf(&self) -> impl Iterator<Item = (&str, &str)> {
        let parts = self.rdns.first().into_iter().flat_map(|rdn| &rdn.parts);
        parts.filter_map(|part| Some((part.kind.as_str(), part.value.as_text()?)))
    }

    /// One spelling for all names that are equal; it stays the same from release to release.
    pub(crate) fn normalised(&self) -> String {
        let rdns: Vec<_> = self.rdns.iter().map(|rdn| rdn.normal.as_str()).collect();
        rdns.join(",")
    }
}

impl PartialEq for Dn {
    fn eq(&self, other: &Self) -> bool {
        self.rdns == other.rdns
    }
}

impl Eq for Dn {}

impl Hash for Dn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for rdn in &self.rdns {
            rdn.normal.hash(state);
        }
    }
}

impl Rdn {
    fn new(parts: Vec<Part>) -> Self {
        let mut normal: Vec<_> = parts.iter().map(Part::normalised).collect();
        normal.sort_unstable();
        normal.dedup();
        Self { parts, normal: normal.join("+") }
    }
}

impl PartialEq for Rdn {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl Part {
    fn normalised(&self) -> String {
        format!("{}={}", attribute_type::canonical(&self.kind), self.value.normalised())
    }
}

/// docker_auth's `parse_cn`: the first `cn` of a distinguished name, or the whole text where there is none.
pub(crate) fn common_name_or_all(text: &str) -> String {
    let name = Dn::parse(text).ok();
    name.as_ref().and_then(Dn::common_name).unwrap_or(text).to_owned()
}
