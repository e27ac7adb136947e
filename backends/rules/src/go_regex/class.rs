//! Character classes in brackets.

use super::{
    NEVER, RegexError,
    error::{RegexProblem, fail},
    escape::{perl_class, posix_class, write_char},
    parser::Parser,
};
use crate::token::Token;

/// What stands between the brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClassBody {
    pub(super) negated: bool,
    /// Class items in the `regex` crate's syntax.
    pub(super) items: String,
    pub(crate) variables: Vec<usize>,
}

impl ClassBody {
    /// The whole class, with more items.
    pub(super) fn write(&self, more: &str) -> String {
        let caret = if self.negated { "^" } else { "" };
        format!("[{caret}{}{more}]", self.items)
    }
}

impl Parser<'_> {
    /// The class whose opening bracket at `open` has been read.
    pub(super) fn class(&mut self, open: usize) -> Result<ClassBody, RegexError> {
        let negated = self.eat('^');
        let mut body = ClassBody { negated, items: String::new(), variables: Vec::new() };
        let mut first = true;
        loop {
            if !first && self.eat(']') {
                return Ok(body);
            }
            first = false;
            self.class_item(open, &mut body)?;
        }
    }

    fn class_item(&mut self, open: usize, body: &mut ClassBody) -> Result<(), RegexError> {
        let Some(&(position, token)) = self.rest.first() else {
            return Err(fail(open, RegexProblem::UnclosedClass));
        };
        if let Token::Variable(index) = token {
            self.skip(1);
            body.variables.push(index);
            if self.range_follows() {
                return Err(fail(position, RegexProblem::VariableInRange));
            }
            return Ok(());
        }
        if token == Token::Char('[') && self.peek_at(1) == Some(':') && self.posix_item(position, body)? {
            return Ok(());
        }
        if token == Token::Char('\\') && self.class_escape(position, body)? {
            return Ok(());
        }
        let low = self.class_char(open)?;
        let mut high = low;
        if self.range_follows() {
            self.skip(1);
            high = self.class_char(open)?;
        }
        if high < low {
            return Err(fail(position, RegexProblem::BackwardRange));
        }
        write_range(&mut body.items, low, high);
        Ok(())
    }

    /// `-` that does not end the class.
    fn range_follows(&self) -> bool {
        self.peek() == Some('-') && self.rest.get(1).is_some_and(|(_, token)| *token != Token::Char(']'))
    }

    fn class_char(&mut self, open: usize) -> Result<u32, RegexError> {
        match self.next() {
            None => Err(fail(open, RegexProblem::UnclosedClass)),
            Some((position, Token::Variable(_))) => Err(fail(position, RegexProblem::VariableInRange)),
            Some((position, Token::Char('\\'))) => self.escaped_char(position),
            Some((_, Token::Char(c))) => Ok(u32::from(c)),
        }
    }

    /// `[:alpha:]`. Without any `:]` further on, the bracket is literal.
    fn posix_item(&mut self, position: usize, body: &mut ClassBody) -> Result<bool, RegexError> {
        let inside = self.rest.get(2..).unwrap_or(&[]);
        let closing =
            |pair: &[(usize, Token)]| matches!(pair, [(_, Token::Char(':')), (_, Token::Char(']'))]);
        if self.last_posix_end.is_none_or(|last| last < position) {
            return Ok(false);
        }
        let Some(length) = inside.windows(2).position(closing) else { return Ok(false) };
        let name: String = inside
            .iter()
            .take(length)
            .map(|(_, token)| match token {
                Token::Char(c) => *c,
                Token::Variable(_) => '$',
            })
            .collect();
        let (negated, name) = name.strip_prefix('^').map_or((false, name.as_str()), |name| (true, name));
        let Some(items) = posix_class(name) else { return Err(fail(position, RegexProblem::PosixClass)) };
        self.skip(length + 4);
        push_class(&mut body.items, items, negated);
        Ok(true)
    }

    fn class_escape(&mut self, position: usize, body: &mut ClassBody) -> Result<bool, RegexError> {
        if let Some((items, negated)) = self.peek_at(1).and_then(perl_class) {
            self.skip(2);
            push_class(&mut body.items, items, negated);
            return Ok(true);
        }
        if !matches!(self.peek_at(1), Some('p' | 'P')) {
            return Ok(false);
        }
        self.skip(1);
        let Some(class) = self.unicode_class(position)? else { return Ok(false) };
        body.items.push_str(&class);
        Ok(true)
    }
}

fn push_class(out: &mut String, items: &str, negated: bool) {
    if negated {
        out.push_str("[^");
        out.push_str(items);
        out.push(']');
    } else {
        out.push_str(items);
    }
}

/// A range of codes. Surrogates are left out: Rust's texts have none, and its regexes refuse them.
fn write_range(out: &mut String, low: u32, high: u32) {
    let low = char::from_u32(low).unwrap_or('\u{E000}');
    let high = char::from_u32(high).unwrap_or('\u{D7FF}');
    if low > high {
        out.push_str(NEVER);
        return;
    }
    write_char(out, low);
    if low < high {
        out.push('-');
        write_char(out, high);
    }
}
