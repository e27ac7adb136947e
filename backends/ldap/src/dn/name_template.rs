//! Names under which users bind by themselves.

use std::fmt;

use super::{Dn, escape_value};

const ACCOUNT: &str = "${account}";

/// What stands for `bind_dn` with `initial_bind_as_user`: a text with `${account}` in it.
///
/// With a `=` before `${account}` it is a distinguished name (`uid=${account},ou=people,dc=example,dc=com`); without one
/// it is a name of Windows: `${account}@corp.example.com`, `CORP\${account}`, or `${account}` alone, for users who write the
/// domain themselves.
#[derive(Clone, Debug)]
pub(crate) struct NameTemplate {
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Dn,
    /// The template says which domain.
    Windows,
    /// The account says which domain.
    WindowsAsTyped,
}

impl NameTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// If it has no `${account}`, or other variables, or is no name when `${account}` is filled in.
    pub(crate) fn parse(text: &str) -> Result<Self, NameTemplateError> {
        if text.replace(ACCOUNT, "").contains("${") {
            return Err(NameTemplateError::Variable);
        }
        let (before, _) = text.split_once(ACCOUNT).ok_or(NameTemplateError::NoAccount)?;
        let kind = if before.contains('=') {
            Self::check_dn(text)?;
            Kind::Dn
        } else if text.chars().any(char::is_control) {
            return Err(NameTemplateError::Control);
        } else if text.contains(['@', '\\']) {
            Kind::Windows
        } else if text == ACCOUNT {
            Kind::WindowsAsTyped
        } else {
            return Err(NameTemplateError::NoName);
        };
        Ok(Self { text: text.to_owned(), kind })
    }

    fn check_dn(text: &str) -> Result<(), NameTemplateError> {
        if text.contains('"') {
            return Err(NameTemplateError::Quoted);
        }
        Dn::parse(&text.replace(ACCOUNT, "x")).map_err(|error| NameTemplateError::Dn(error.to_string()))?;
        Ok(())
    }

    /// The name of an account; none for one that could be read as a name of another kind or of another domain. A name of
    /// Windows has a domain always: a domain controller looks for a bare word among display names too, which do not belong
    /// to whoever has the account of that name.
    pub(crate) fn fill(&self, account: &str) -> Option<String> {
        if account.is_empty() || account.chars().any(char::is_control) {
            return None;
        }
        let value = match self.kind {
            Kind::Dn => escape_value(account),
            Kind::Windows => is_plain(account).then(|| account.to_owned())?,
            Kind::WindowsAsTyped => {
                let (one, other) = account.split_once('\\').or_else(|| account.rsplit_once('@'))?;
                (is_plain(one) && is_plain(other)).then(|| account.to_owned())?
            }
        };
        Some(self.text.replace(ACCOUNT, &value))
    }
}

/// Whether it is something and has none of the characters that a Windows account name cannot have, nor `@`.
fn is_plain(name: &str) -> bool {
    !name.trim().is_empty()
        && !name.contains(['"', '/', '\\', '[', ']', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@'])
}

/// Why a text is no template for names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NameTemplateError {
    NoAccount,
    Variable,
    Control,
    NoName,
    Quoted,
    Dn(String),
}

impl fmt::Display for NameTemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAccount => f.write_str("`${account}` is missing: everybody would bind under one name"),
            Self::Variable => f.write_str("the only variable here is `${account}`"),
            Self::Control => f.write_str("control characters cannot be part of a name"),
            Self::NoName => f.write_str(
                "write a distinguished name (`uid=${account},ou=people,dc=example,dc=com`) or, for Active Directory, \
                 `${account}@corp.example.com` or `CORP\\${account}`",
            ),
            Self::Quoted => f.write_str("write special characters with a `\\` before each instead of quotes"),
            Self::Dn(detail) => write!(f, "with an account filled in it is {detail}"),
        }
    }
}

impl std::error::Error for NameTemplateError {}
