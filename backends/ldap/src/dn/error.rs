//! Why a text is no distinguished name.

use std::fmt;

/// What is wrong with it, for the administrator; nothing of the text itself is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DnError(pub(super) &'static str);

impl fmt::Display for DnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no distinguished name (such as `ou=people,dc=example,dc=com`): {}", self.0)
    }
}

impl std::error::Error for DnError {}
