//! What stands between `${` and `}`.

use super::TemplateError;
use crate::dn::is_oid;

/// A place that is filled at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Variable {
    /// `${account}`: the account.
    Account,
    /// `${dn}`: the name of the account's entry, or of others that stand for it.
    Dn,
    /// `${entry:NAME}`: an attribute of the account's entry.
    Entry(String),
}

impl Variable {
    /// From its name.
    pub(super) fn parse(name: &str) -> Result<Self, TemplateError> {
        match (name, name.strip_prefix("entry:")) {
            ("account", _) => Ok(Self::Account),
            ("dn", _) => Ok(Self::Dn),
            (_, Some(attribute)) if is_description(attribute) => Ok(Self::Entry(attribute.to_owned())),
            _ => Err(TemplateError::UnknownVariable(name.chars().take(64).collect())),
        }
    }

    /// As it is written in a template.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Account => "${account}".to_owned(),
            Self::Dn => "${dn}".to_owned(),
            Self::Entry(attribute) => format!("${{entry:{attribute}}}"),
        }
    }
}

/// Whether a text is an attribute description: a type and its options (RFC 4512 section 2.5).
pub(crate) fn is_description(text: &str) -> bool {
    let mut pieces = text.split(';');
    let is_option =
        |option: &str| !option.is_empty() && option.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    pieces.next().is_some_and(is_type) && pieces.all(is_option)
}

/// Whether a text is an attribute type or a matching rule: a word or a numeric object identifier (RFC 4512 section 1.4).
pub(super) fn is_type(text: &str) -> bool {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_word || is_oid(text)
}
