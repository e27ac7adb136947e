//! Go's grammar, written out as the `regex` crate's.
//!
//! Every atom is written as one atom, so that a repetition can simply follow it.

use super::{
    class::ClassBody,
    error::{RegexError, RegexProblem, fail},
    escape::{perl_class, write_char},
    frame::{Frame, Last},
    group::Opening,
    hole::{Hole, Place},
    shape::{Atom, Shape, group},
};
use crate::token::{Token, Tokens};

/// Groups within groups. Go allows 1,000; rules need a handful, and this bounds the stack of everything downstream.
const DEPTH: usize = 100;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are Go's four flags")]
pub(crate) struct Flags {
    pub(super) fold: bool,
    pub(super) multi_line: bool,
    pub(super) dot_newline: bool,
    pub(super) swap_greed: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// In force at the start.
    pub(crate) flags: Flags,
    /// Whether groups capture; those of a label's value must not shift the numbers of the rule's.
    pub(crate) capturing: bool,
}

/// A regular expression in the `regex` crate's syntax.
#[derive(Clone, Debug)]
pub(crate) struct Translated {
    pub(crate) source: String,
    pub(crate) holes: Vec<Hole>,
    /// The number of capture groups.
    pub(crate) groups: u32,
    pub(crate) shape: Shape,
    /// About the size of its automaton, in states.
    pub(crate) weight: u32,
}

/// Parses a regular expression of Go.
pub(crate) fn parse(tokens: &[(usize, Token)], options: Options) -> Result<Translated, RegexError> {
    let is = |token: Token, c| token == Token::Char(c);
    let ends = |pair: &[(usize, Token)]| match pair {
        [(position, colon), (_, bracket)] if is(*colon, ':') && is(*bracket, ']') => Some(*position),
        _ => None,
    };
    let parser = Parser {
        rest: tokens,
        flags: options.flags,
        last_posix_end: tokens.windows(2).rev().find_map(ends),
        capturing: options.capturing,
        groups: 0,
        out: String::new(),
        holes: Vec::new(),
        frames: Vec::new(),
        frame: Frame::new(0, 0, options.flags),
        after_repeat: false,
    };
    parser.run()
}

/// The translation of a label's value, if it is well-formed.
pub(super) fn parse_value(text: &str, flags: Flags) -> Option<String> {
    let options = Options { flags, capturing: false };
    parse(&Tokens::plain(text).list, options).ok().map(|translated| translated.source)
}

pub(super) struct Parser<'a> {
    pub(super) rest: &'a [(usize, Token)],
    pub(super) flags: Flags,
    /// Where the last `:]` of the pattern stands.
    pub(super) last_posix_end: Option<usize>,
    capturing: bool,
    groups: u32,
    pub(super) out: String,
    pub(super) holes: Vec<Hole>,
    frames: Vec<Frame>,
    pub(super) frame: Frame,
    /// Another repetition right here would be stacked.
    pub(super) after_repeat: bool,
}

impl Parser<'_> {
    fn run(mut self) -> Result<Translated, RegexError> {
        while let Some((position, token)) = self.next() {
            let after_repeat = std::mem::take(&mut self.after_repeat);
            match token {
                Token::Variable(index) => self.variable(index),
                Token::Char(c) => self.char(position, c, after_repeat)?,
            }
        }
        if !self.frames.is_empty() {
            return Err(fail(self.frame.position, RegexProblem::UnclosedGroup));
        }
        self.frame.end_branch();
        let shape = Shape::of(&self.frame.branches, self.out.len());
        let weight = self.frame.weight;
        Ok(Translated { source: self.out, holes: self.holes, groups: self.groups, shape, weight })
    }

    fn char(&mut self, position: usize, c: char, after_repeat: bool) -> Result<(), RegexError> {
        match c {
            '(' => return self.open(position),
            ')' => return self.close(position),
            '|' => {
                self.frame.end_branch();
                self.out.push('|');
            }
            '*' | '+' | '?' => return self.repeat(position, c, &c.to_string(), 1, after_repeat),
            '{' => match self.counts() {
                Some(counts) => return self.counted(position, counts, after_repeat),
                None => self.literal('{'),
            },
            '[' => {
                let body = self.class(position)?;
                self.push_class(body);
            }
            '.' if self.flags.dot_newline => self.atom(Atom::Other, 10, |out| out.push_str("(?s:.)")),
            '.' => self.atom(Atom::Other, 10, |out| out.push_str(r"[^\n]")),
            '^' if self.flags.multi_line => self.atom(Atom::Other, 1, |out| out.push_str("(?m:^)")),
            '^' => self.atom(Atom::Start, 1, |out| out.push_str(r"\A")),
            '$' if self.flags.multi_line => self.atom(Atom::Other, 1, |out| out.push_str("(?m:$)")),
            '$' => self.atom(Atom::End, 1, |out| out.push_str(r"\z")),
            '\\' => return self.escape(position),
            c => self.literal(c),
        }
        Ok(())
    }

    fn escape(&mut self, position: usize) -> Result<(), RegexError> {
        let Some(letter) = self.peek() else { return Err(fail(position, RegexProblem::TrailingBackslash)) };
        let look = match letter {
            'A' => Some((Atom::Start, r"\A")),
            'z' => Some((Atom::End, r"\z")),
            'b' => Some((Atom::Other, r"(?-u:\b)")),
            'B' => Some((Atom::Other, r"(?-u:\B)")),
            _ => None,
        };
        if let Some((atom, text)) = look {
            self.skip(1);
            self.atom(atom, 1, |out| out.push_str(text));
        } else if letter == 'Q' {
            self.skip(1);
            self.quoted();
        } else if let Some((items, negated)) = perl_class(letter) {
            self.skip(1);
            self.push_class(ClassBody { negated, items: items.to_owned(), variables: Vec::new() });
        } else if let Some(class) = self.unicode_class(position)? {
            self.push_class(ClassBody { negated: false, items: class, variables: Vec::new() });
        } else {
            let code = self.escaped_char(position)?;
            match char::from_u32(code) {
                Some(c) => self.literal(c),
                None => self.atom(Atom::Other, 1, |out| out.push_str(super::NEVER)),
            }
        }
        Ok(())
    }

    /// `\Q…\E`; a missing `\E` is the end of the pattern.
    fn quoted(&mut self) {
        while let Some((_, token)) = self.next() {
            match token {
                Token::Char('\\') if self.eat('E') => return,
                Token::Char(c) => self.literal(c),
                Token::Variable(index) => self.variable(index),
            }
        }
    }

    fn open(&mut self, position: usize) -> Result<(), RegexError> {
        let outer = self.flags;
        let capture = match self.opening(position)? {
            Opening::Flags(flags) => {
                self.flags = flags;
                return Ok(());
            }
            Opening::Group(flags) => {
                self.flags = flags;
                false
            }
            Opening::Capture => true,
        };
        if self.frames.len() >= DEPTH {
            return Err(fail(position, RegexProblem::TooDeep));
        }
        let frame = Frame::new(position, self.out.len(), outer);
        self.frames.push(std::mem::replace(&mut self.frame, frame));
        let capture = capture && self.capturing;
        self.groups += u32::from(capture);
        self.out.push_str(if capture { "(" } else { "(?:" });
        Ok(())
    }

    fn close(&mut self, position: usize) -> Result<(), RegexError> {
        let Some(outer) = self.frames.pop() else { return Err(fail(position, RegexProblem::UnopenedGroup)) };
        let mut inner = std::mem::replace(&mut self.frame, outer);
        inner.end_branch();
        self.out.push(')');
        self.flags = inner.flags;
        self.frame.settle();
        self.frame.branch.push(group(inner.branches), inner.at);
        self.frame.last = Some(Last {
            at: inner.at,
            count: inner.count,
            weight: inner.weight.saturating_add(2),
            repeated: false,
        });
        Ok(())
    }

    fn atom(&mut self, atom: Atom, weight: u32, write: impl FnOnce(&mut String)) {
        self.frame.settle();
        self.frame.branch.push(atom, self.out.len());
        self.frame.last = Some(Last { at: self.out.len(), count: 1, weight, repeated: false });
        write(&mut self.out);
    }

    fn literal(&mut self, c: char) {
        if self.flags.fold {
            self.atom(Atom::Other, 4, |out| {
                out.push_str("(?i:");
                write_char(out, c);
                out.push(')');
            });
        } else {
            self.atom(Atom::Char(c), 1, |out| write_char(out, c));
        }
    }

    fn variable(&mut self, index: usize) {
        let hole = Hole { at: self.out.len(), flags: self.flags, place: Place::Text(index) };
        let atom = if self.flags.fold { Atom::Other } else { Atom::Variable(index) };
        self.atom(atom, 10, |_| {});
        self.holes.push(hole);
    }

    fn push_class(&mut self, body: ClassBody) {
        let weight = if body.items.contains(r"\p") { 300 } else { 10 };
        if !body.variables.is_empty() {
            let hole = Hole { at: self.out.len(), flags: self.flags, place: Place::Class(body) };
            self.atom(Atom::Other, weight, |_| {});
            self.holes.push(hole);
            return;
        }
        let class = body.write("");
        let class = if self.flags.fold { format!("(?i:{class})") } else { class };
        self.atom(Atom::Other, weight, |out| out.push_str(&class));
    }

    pub(super) fn next(&mut self) -> Option<(usize, Token)> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(super) fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or(&[]);
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, index: usize) -> Option<char> {
        match self.rest.get(index)? {
            (_, Token::Char(c)) => Some(*c),
            (_, Token::Variable(_)) => None,
        }
    }

    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.skip(1);
        }
        found
    }
}
