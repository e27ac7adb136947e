//! Go's regular expressions, [RE2 syntax](https://pkg.go.dev/regexp/syntax), in terms of the `regex` crate.
//!
//! The two look alike and differ in meaning: here `\w`, `\d`, `\s` and `\b` are ASCII, a class has no set operators,
//! `{` is literal where it opens no valid repetition, and so on. The pattern is therefore parsed after Go's rules and
//! written anew with every flag resolved, so that nothing of the source's own syntax is left to interpretation.

mod class;
mod error;
mod escape;
mod frame;
mod group;
mod hole;
mod parser;
mod repeat;
mod shape;
#[cfg(test)]
mod tests;

pub use error::{RegexError, RegexProblem};
pub(crate) use hole::{Alternative, NEVER, render};
pub(crate) use parser::{Flags, Options, Translated, parse};
pub(crate) use shape::{Alternatives, Lead, PrefixPart, Shape};

use crate::token::Tokens;

/// Translates a regular expression of Go into one of the `regex` crate with the same meaning.
///
/// # Errors
///
/// [`RegexError`] where Go's `regexp.Compile` refuses the pattern.
pub fn translate(pattern: &str) -> Result<String, RegexError> {
    let options = Options { flags: Flags::default(), capturing: true };
    parse(&Tokens::plain(pattern).list, options).map(|translated| translated.source)
}
