//! Repetitions.

use super::{
    RegexError,
    error::{RegexProblem, fail},
    parser::Parser,
};

/// The most that a repetition counts to, those nested in it included.
const MAX_COUNT: u32 = 1000;

impl Parser<'_> {
    /// `{n}`, `{n,}` or `{n,m}` behind its brace; anything else leaves the brace literal.
    pub(super) fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let before = self.rest;
        let found = self.read_counts();
        if found.is_none() {
            self.rest = before;
        }
        found
    }

    fn read_counts(&mut self) -> Option<(u32, Option<u32>)> {
        let min = self.number()?;
        let max = if !self.eat(',') {
            Some(min)
        } else if self.peek() == Some('}') {
            None
        } else {
            Some(self.number()?)
        };
        self.eat('}').then_some((min, max))
    }

    /// Digits without a leading zero; a number too large for any repetition is just too large.
    fn number(&mut self) -> Option<u32> {
        let first = self.peek()?.to_digit(10)?;
        if first == 0 && self.peek_at(1).is_some_and(|c| c.is_ascii_digit()) {
            return None;
        }
        let mut number: u32 = 0;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            self.skip(1);
            number = number.saturating_mul(10).saturating_add(digit);
        }
        Some(number)
    }

    pub(super) fn counted(
        &mut self,
        position: usize,
        (min, max): (u32, Option<u32>),
        after_repeat: bool,
    ) -> Result<(), RegexError> {
        if min > MAX_COUNT || max.is_some_and(|max| max > MAX_COUNT || max < min) {
            return Err(fail(position, RegexProblem::RepeatCount));
        }
        let (text, count) = match max {
            Some(max) if max == min => (format!("{{{min}}}"), max),
            Some(max) => (format!("{{{min},{max}}}"), max),
            None => (format!("{{{min},}}"), min.max(1)),
        };
        self.repeat(position, '{', &text, count, after_repeat)
    }

    pub(super) fn repeat(
        &mut self,
        position: usize,
        operator: char,
        text: &str,
        count: u32,
        after_repeat: bool,
    ) -> Result<(), RegexError> {
        let lazy = self.eat('?') != self.flags.swap_greed;
        if after_repeat {
            return Err(fail(position, RegexProblem::StackedRepetition));
        }
        let Some(mut last) = self.frame.last else {
            return Err(fail(position, RegexProblem::NothingToRepeat(operator)));
        };
        if last.repeated {
            // `a*(?i)*`: what looks stacked to the `regex` crate is not in Go.
            self.wrap(last.at);
        }
        last.count = last.count.saturating_mul(count);
        last.weight = last.weight.saturating_mul(count.max(1));
        last.repeated = true;
        if last.count > MAX_COUNT && count > 1 {
            return Err(fail(position, RegexProblem::RepeatCount));
        }
        self.out.push_str(text);
        if lazy {
            self.out.push('?');
        }
        self.frame.last = Some(last);
        self.frame.branch.repeat();
        self.after_repeat = true;
        Ok(())
    }

    fn wrap(&mut self, at: usize) {
        const OPEN: &str = "(?:";
        self.out.insert_str(at, OPEN);
        self.out.push(')');
        for hole in self.holes.iter_mut().filter(|hole| hole.at >= at) {
            hole.at += OPEN.len();
        }
    }
}
