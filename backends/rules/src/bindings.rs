//! The values that one request gives to variables.

use dockgate_api::LabelValue;
use thiserror::Error;

use crate::variable::Field;

/// One value of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value<'a> {
    /// Came from outside: matches itself and nothing else.
    Literal(&'a str),
    /// Written by an administrator: a glob inside a glob, regex text inside a regex. A malformed one never matches.
    Pattern(&'a str),
}

impl<'a> Value<'a> {
    /// The text as it was given.
    pub fn text(self) -> &'a str {
        match self {
            Self::Literal(text) | Self::Pattern(text) => text,
        }
    }
}

impl<'a> From<&'a LabelValue> for Value<'a> {
    fn from(value: &'a LabelValue) -> Self {
        match value {
            LabelValue::Literal(text) => Self::Literal(text),
            LabelValue::Pattern(text) => Self::Pattern(text),
        }
    }
}

/// What the variables of a pattern stand for in one request.
///
/// An empty value counts as none everywhere: it never satisfies a variable.
pub trait Bindings {
    /// The request's value of a field.
    fn field(&self, field: Field) -> Option<&str>;

    /// What a group of the regex in that field of the same rule captured.
    fn capture(&self, field: Field, group: u32) -> Option<&str>;

    /// The values of a label of the identity; none if it has no such label.
    fn label(&self, key: &str) -> &[LabelValue];
}

/// The value of one variable in one request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound<'a> {
    Text(&'a str),
    /// A label: never all empty, and whether it stands more than once.
    Label {
        values: &'a [LabelValue],
        repeated: bool,
    },
}

/// A match could not be decided within its bounds.
///
/// It is no "no": a rule that denies must not be skipped because it was expensive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MatchError {
    /// A label that stands twice in a pattern has too many values to try each.
    #[error("the labels of this identity give the pattern too many combinations to try")]
    TooManyCombinations,
    /// A regex with the request's values in it exceeds the size limit.
    #[error("the pattern is too large with the values of this request")]
    TooLarge,
}
