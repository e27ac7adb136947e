//! Warnings about patterns that load and yet are hardly meant so.

use std::fmt;

use crate::variable::Variable;

/// A pattern that is valid and probably not what its author meant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lint {
    /// Alternatives in a regex that is searched, not anchored, as in `/trainee|dev/`.
    UnanchoredAlternation {
        /// A text that matches and surely was not meant, where one can be derived.
        example: Option<String>,
    },
    /// `**` where it means no more than `*`.
    PlainDoubleStar,
    /// `{labels:KEY}` for `${labels:KEY}`.
    MissingDollar {
        /// The variable that was probably meant.
        variable: Variable,
    },
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnanchoredAlternation { example } => {
                f.write_str("this regex is not anchored")?;
                if let Some(example) = example {
                    write!(f, ": it also matches `{}`", example.escape_debug())?;
                }
                f.write_str("; write `/^(one|other)$/` to match the whole text")
            }
            Self::PlainDoubleStar => f.write_str(
                "`**` is only a plain `*` here and does not cross `/`; it does under `acl_version: 2`",
            ),
            Self::MissingDollar { variable } => {
                let text = variable.to_string();
                let written = text.strip_prefix('$').unwrap_or(&text);
                write!(f, "`{written}` is plain text; did you mean `{variable}`?")
            }
        }
    }
}
