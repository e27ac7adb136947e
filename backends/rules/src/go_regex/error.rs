//! Why a regular expression is refused.

use thiserror::Error;

/// Why a regular expression is malformed, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem} (at character {position})")]
pub struct RegexError {
    /// Characters from 1.
    pub position: usize,
    /// What is wrong there.
    pub problem: RegexProblem,
}

/// What makes a regular expression malformed in Go.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RegexProblem {
    /// `*a`
    #[error("nothing to repeat; write `\\{0}` for the character itself")]
    NothingToRepeat(char),
    /// `a**`
    #[error("a repetition of a repetition; put the inner one into `(?:…)`")]
    StackedRepetition,
    /// `a{1001}`
    #[error("a repetition counts to 1000 at most, nested ones multiplied, and the lower bound comes first")]
    RepeatCount,
    /// `(a`
    #[error("the group has no closing `)`; close it, or write `\\(`")]
    UnclosedGroup,
    /// `a)`
    #[error("`)` closes no group; write `\\)` for the character itself")]
    UnopenedGroup,
    /// More groups within groups than any rule needs.
    #[error("groups are nested too deeply")]
    TooDeep,
    /// `(?x)`, `(?=a)`
    #[error("unsupported `(?…`: there is no look-around and no flag but i, m, s and U")]
    GroupSyntax,
    /// `(?P<a-b>…)`
    #[error("a group's name is made of letters, digits and `_` and ends with `>`")]
    GroupName,
    /// `[a`
    #[error("the class has no closing `]`; close it, or write `\\[`")]
    UnclosedClass,
    /// `[z-a]`
    #[error("the range goes backwards; write the lower character first")]
    BackwardRange,
    /// `[a-${name}]`
    #[error("a variable cannot be an end of a range; list the characters instead")]
    VariableInRange,
    /// `[[:foo:]]`
    #[error(
        "unknown class `[:…:]`; known are such as `[:alpha:]` and `[:^digit:]`; write `\\[` for a bracket"
    )]
    PosixClass,
    /// `\p{Foo}`
    #[error("unknown Unicode class; write a category or script such as `\\pL` or `\\p{{Greek}}`")]
    UnicodeClass,
    /// `\1`
    #[error("back-references are not supported")]
    BackReference,
    /// `\y`
    #[error("unknown escape `\\{0}`")]
    Escape(String),
    /// `\` at the end
    #[error("nothing follows the backslash; write `\\\\` for the backslash itself")]
    TrailingBackslash,
}

pub(super) fn fail(position: usize, problem: RegexProblem) -> RegexError {
    RegexError { position, problem }
}
