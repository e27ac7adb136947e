//! What follows `(`: groups, their names, and flags.

use super::{
    RegexError,
    error::{RegexProblem, fail},
    parser::{Flags, Parser},
};
use crate::token::Token;

/// What an opening parenthesis turned out to be.
pub(super) enum Opening {
    Capture,
    /// `(?i:`
    Group(Flags),
    /// `(?i)`: holds up to the end of the group that it stands in.
    Flags(Flags),
}

impl Parser<'_> {
    /// Reads on behind the `(` at `position`.
    pub(super) fn opening(&mut self, position: usize) -> Result<Opening, RegexError> {
        if !self.eat('?') {
            return Ok(Opening::Capture);
        }
        if self.peek() == Some('<') || (self.peek() == Some('P') && self.peek_at(1) == Some('<')) {
            self.eat('P');
            self.skip(1);
            return self.name(position).map(|()| Opening::Capture);
        }
        self.flags().ok_or_else(|| fail(position, RegexProblem::GroupSyntax))
    }

    /// A name may occur twice, and means nothing here: captures are numbered.
    fn name(&mut self, position: usize) -> Result<(), RegexError> {
        let mut empty = true;
        loop {
            match self.next() {
                Some((_, Token::Char('>'))) if !empty => return Ok(()),
                Some((_, Token::Char(c))) if c.is_ascii_alphanumeric() || c == '_' => empty = false,
                _ => return Err(fail(position, RegexProblem::GroupName)),
            }
        }
    }

    fn flags(&mut self) -> Option<Opening> {
        let mut flags = self.flags;
        let mut on = true;
        let mut seen = false;
        loop {
            match self.next_char()? {
                'i' => flags.fold = on,
                'm' => flags.multi_line = on,
                's' => flags.dot_newline = on,
                'U' => flags.swap_greed = on,
                '-' if on => {
                    on = false;
                    seen = false;
                    continue;
                }
                ':' if on || seen => return Some(Opening::Group(flags)),
                ')' if on || seen => return Some(Opening::Flags(flags)),
                _ => return None,
            }
            seen = true;
        }
    }
}
