//! Shell globs with the meaning of Go's [`path.Match`](https://pkg.go.dev/path#Match).
//!
//! `*` matches any run of characters but `/`, `?` one character but `/`, `[a-z]` and `[^a]` one character of a class
//! (a negated class does match `/`), and `\` takes the next character literally.

mod bound;
mod greedy;
mod labels;
mod parser;
mod positions;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub(crate) use bound::matches_bound;
pub(crate) use parser::parse;

use crate::token::Tokens;

/// What two or more stars in a row mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DoubleStar {
    /// The same as one star, as in docker_auth.
    PlainStar,
    /// Any run of characters, `/` included.
    CrossesSlash,
}

/// Why a glob is malformed, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem} (at character {position})")]
pub struct GlobError {
    /// Characters from 1.
    pub position: usize,
    /// What is wrong there.
    pub problem: GlobProblem,
}

/// What makes a glob malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GlobProblem {
    /// `[ab`
    #[error("the class has no closing `]`; close it, or write `\\[` for a plain bracket")]
    UnclosedClass,
    /// `[]`
    #[error("the class is empty; write `[\\]]` for a class of the bracket itself")]
    EmptyClass,
    /// `[-a]`, `[a-]`
    #[error("`-` in a class only stands between two characters; write `\\-` for the dash itself")]
    Dash,
    /// `a\`
    #[error("nothing follows the backslash; write `\\\\` for the backslash itself")]
    TrailingBackslash,
    /// `[a-${name}]`
    #[error("a variable cannot be an end of a range; list the characters instead")]
    VariableInRange,
}

/// One step of a glob. Variables are indices into the variables of the pattern that the glob stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    Literal(Box<str>),
    AnyChar,
    Star,
    DoubleStar,
    Class(Box<Class>),
    Variable(usize),
}

/// One character of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    negated: bool,
    ranges: Box<[(char, char)]>,
    pub(crate) variables: Box<[usize]>,
}

impl Class {
    /// Whether the class takes a character, where `holds` says if the value of a variable has it.
    fn takes(&self, c: char, holds: impl Fn(usize) -> bool) -> bool {
        let listed = self.ranges.iter().any(|&(low, high)| low <= c && c <= high)
            || self.variables.iter().any(|&variable| holds(variable));
        listed != self.negated
    }

    /// Whether some value of its variables could make the class take `/`.
    fn may_take_slash(&self) -> bool {
        !self.variables.is_empty() || self.takes('/', |_| false)
    }
}

/// A glob without variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    elements: Box<[Element]>,
}

impl Glob {
    /// Parses a glob.
    ///
    /// # Errors
    ///
    /// [`GlobError`] where Go's `path.Match` answers `ErrBadPattern` for some text.
    pub fn parse(pattern: &str, double_star: DoubleStar) -> Result<Self, GlobError> {
        Ok(Self { elements: parse(&Tokens::plain(pattern).list, double_star)?.into() })
    }

    /// Whether the glob matches the whole text.
    pub fn is_match(&self, text: &str) -> bool {
        bound::matches_plain(&self.elements, text)
    }
}

/// The character at a byte, with its width. Go cuts a text at any byte: inside of a character is the replacement
/// character, one byte wide.
fn char_at(text: &str, at: usize) -> Option<(char, usize)> {
    if at >= text.len() {
        return None;
    }
    match text.get(at..).and_then(|rest| rest.chars().next()) {
        Some(c) => Some((c, c.len_utf8())),
        None => Some((char::REPLACEMENT_CHARACTER, 1)),
    }
}

/// The end of `part` in the text if it stands at a byte.
fn end_of(text: &str, at: usize, part: &str) -> Option<usize> {
    text.as_bytes().get(at..)?.starts_with(part.as_bytes()).then(|| at + part.len())
}
