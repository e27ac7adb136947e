//! Escapes: single characters, Perl classes, Unicode classes.

use super::{
    error::{RegexProblem, fail},
    parser::Parser,
};
use crate::token::Token;

/// The inside of a Perl class (`\d`, `\s`, `\w`), and whether it is negated. All are ASCII; `\s` has no `\v`.
pub(super) fn perl_class(letter: char) -> Option<(&'static str, bool)> {
    let inside = match letter.to_ascii_lowercase() {
        'd' => "0-9",
        's' => r"\t\n\x0C\r\x20",
        'w' => "0-9A-Za-z_",
        _ => return None,
    };
    Some((inside, letter.is_ascii_uppercase()))
}

/// The inside of a POSIX class such as `alpha`.
pub(super) fn posix_class(name: &str) -> Option<&'static str> {
    Some(match name {
        "alnum" => "0-9A-Za-z",
        "alpha" => "A-Za-z",
        "ascii" => r"\x00-\x7F",
        "blank" => r"\t\x20",
        "cntrl" => r"\x00-\x1F\x7F",
        "digit" => "0-9",
        "graph" => r"\x21-\x7E",
        "lower" => "a-z",
        "print" => r"\x20-\x7E",
        "punct" => r"\x21-\x2F\x3A-\x40\x5B-\x60\x7B-\x7E",
        "space" => r"\t-\r\x20",
        "upper" => "A-Z",
        "word" => "0-9A-Za-z_",
        "xdigit" => "0-9A-Fa-f",
        _ => return None,
    })
}

/// A character that means itself, in a class and outside of one.
pub(super) fn write_char(out: &mut String, c: char) {
    use std::fmt::Write as _;
    if c.is_ascii() && !c.is_ascii_alphanumeric() {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\x{:02X}", u32::from(c));
    } else {
        out.push(c);
    }
}

impl Parser<'_> {
    /// The code behind a backslash that stands for one character. It may be a surrogate, which no text has.
    pub(super) fn escaped_char(&mut self, position: usize) -> Result<u32, super::RegexError> {
        let Some(letter) = self.next_char() else {
            return Err(fail(position, RegexProblem::TrailingBackslash));
        };
        let code = match letter {
            '0' => Some(self.octal(0)),
            '1'..='7' if self.peek().is_some_and(|c| ('0'..='7').contains(&c)) => {
                Some(self.octal(letter.to_digit(8).unwrap_or(0)))
            }
            '1'..='9' => return Err(fail(position, RegexProblem::BackReference)),
            'x' => self.hex(),
            'a' => Some(0x07),
            'f' => Some(0x0C),
            'n' => Some(0x0A),
            'r' => Some(0x0D),
            't' => Some(0x09),
            'v' => Some(0x0B),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(u32::from(c)),
            _ => None,
        };
        code.ok_or_else(|| fail(position, RegexProblem::Escape(letter.to_string())))
    }

    fn octal(&mut self, first: u32) -> u32 {
        let mut code = first;
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
            self.skip(1);
            code = code * 8 + digit;
        }
        code
    }

    fn hex(&mut self) -> Option<u32> {
        let first = self.next_char()?;
        if first != '{' {
            return Some(first.to_digit(16)? * 16 + self.next_char()?.to_digit(16)?);
        }
        let mut code = self.next_char()?.to_digit(16)?;
        loop {
            match self.next_char()? {
                '}' => return Some(code),
                digit => code = code * 16 + digit.to_digit(16)?,
            }
            if code > u32::from(char::MAX) {
                return None;
            }
        }
    }

    /// `\pN` or `\p{^Greek}` behind the backslash, if one stands here: a class item.
    pub(super) fn unicode_class(&mut self, position: usize) -> Result<Option<String>, super::RegexError> {
        let mut negated = match self.peek() {
            Some('p') => false,
            Some('P') => true,
            _ => return Ok(None),
        };
        self.skip(1);
        let mut name = String::new();
        match self.next_char() {
            Some('{') => loop {
                match self.next_char() {
                    Some('}') => break,
                    Some(c) => name.push(c),
                    None => return Err(fail(position, RegexProblem::UnicodeClass)),
                }
            },
            Some(c) => name.push(c),
            None => return Err(fail(position, RegexProblem::UnicodeClass)),
        }
        if let Some(rest) = name.strip_prefix('^') {
            negated = !negated;
            name = rest.to_owned();
        }
        let Some(class) = unicode_name(&name) else { return Err(fail(position, RegexProblem::UnicodeClass)) };
        Ok(Some(if negated { format!("[^{class}]") } else { class }))
    }

    pub(super) fn next_char(&mut self) -> Option<char> {
        match self.next()? {
            (_, Token::Char(c)) => Some(c),
            (_, Token::Variable(_)) => None,
        }
    }
}

fn unicode_name(name: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ');
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return None;
    }
    // Surrogates: Go knows the category, no text holds one, and `regex` does not know it.
    let folded: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if matches!(folded.as_str(), "cs" | "surrogate") {
        return Some(super::NEVER.to_owned());
    }
    [format!(r"\p{{gc={name}}}"), format!(r"\p{{sc={name}}}")]
        .into_iter()
        .find(|class| regex_syntax::parse(class).is_ok())
}
