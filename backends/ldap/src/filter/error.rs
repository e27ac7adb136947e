//! Why a text is no template, and why a template is not filled.

use std::fmt;

use super::template::MOST_VALUES;

/// Why a text is no template for filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplateError {
    /// What stands between `${` and `}` is no variable.
    UnknownVariable(String),
    /// The variable has no value in this place.
    NotHere {
        variable: String,
        known: &'static str,
    },
    /// There is no `}` behind a `${`.
    Unclosed,
    /// The variable does not stand for a value.
    NoValue(String),
    /// `${account}` is missing where it must be.
    NoAccount,
    /// It is no filter: what is wrong, and the byte where.
    Syntax {
        detail: &'static str,
        at: usize,
    },
    TooLong,
    TooDeep,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVariable(name) => {
                write!(
                    f,
                    "unknown variable `${{{name}}}`: known are ${{account}}, ${{dn}} and ${{entry:ATTRIBUTE}}"
                )
            }
            Self::NotHere { variable, known } => {
                write!(
                    f,
                    "`{variable}` is not known yet when this filter is used: only {known} can stand here"
                )
            }
            Self::Unclosed => f.write_str("`}` is missing behind `${`; a `$` before `{` is written `\\24`"),
            Self::NoValue(variable) => {
                write!(f, "`{variable}` can only stand in the value behind a `=`, as in `(uid={variable})`")
            }
            Self::NoAccount => {
                f.write_str("`${account}` is missing: the filter would find the same entry for everybody")
            }
            Self::Syntax { detail, at } => write!(f, "no filter (RFC 4515): {detail} (at character {at})"),
            Self::TooLong => f.write_str("filters can have 4096 bytes"),
            Self::TooDeep => f.write_str("filters can be nested 32 times"),
        }
    }
}

impl std::error::Error for TemplateError {}

/// A variable of one comparison has so many values that no server is to be asked for all of them at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooManyValues;

impl fmt::Display for TooManyValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it would ask for more than {MOST_VALUES} values at once")
    }
}

impl std::error::Error for TooManyValues {}
