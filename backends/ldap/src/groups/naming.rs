//! What a group is called.

use crate::dn::{Dn, same_type};
use crate::entry::Entry;

/// What a group is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// By the value that its distinguished name begins with: `cn=admins,ou=groups` is `admins`. Written `cn`.
    Leaf,
    /// By its distinguished name, as the directory spells it. Written `dn`.
    Dn,
    /// By an attribute; where it has several values, by the first in alphabetical order, since directories keep none.
    Attribute(String),
}

impl Naming {
    /// The attribute of the group that must be read.
    pub(super) fn attribute(&self) -> Option<&str> {
        match self {
            Self::Attribute(attribute) => Some(attribute),
            Self::Leaf | Self::Dn => None,
        }
    }

    /// The name that the group's entry gives.
    pub(super) fn in_entry(&self, entry: &Entry) -> Option<String> {
        let texts = entry.texts(self.attribute()?).filter(|text| !text.is_empty());
        texts.min().map(str::to_owned)
    }

    /// The name that the distinguished name gives.
    pub(super) fn in_dn(&self, dn: &Dn, spelled: &str) -> Option<String> {
        match self {
            Self::Leaf => Some(leaf(dn, spelled)),
            Self::Dn => Some(spelled.to_owned()),
            Self::Attribute(_) => None,
        }
    }
}

/// The value that a distinguished name begins with, the `cn` if there are several, or the whole name where that is no text.
pub(super) fn leaf(dn: &Dn, spelled: &str) -> String {
    let common_name = dn.leaf().find(|(kind, _)| same_type(kind, "cn"));
    common_name.or_else(|| dn.leaf().next()).map_or(spelled, |(_, value)| value).to_owned()
}
