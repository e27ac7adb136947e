//! From a text to the pieces of a filter, in the one form that every parser reads.

use super::TemplateError;
use super::escape::escape_value;
use super::variable::{Variable, is_description, is_type};

/// Bytes of a template.
const LONGEST: usize = 4096;
/// How deep filters stand in each other: the parser of the library that sends them is recursive.
const DEEPEST: usize = 32;

/// A piece of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// One comparison with places for values, its parentheses included.
    Item(Vec<Part>),
}

/// A part of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Variable(Variable),
}

/// A whole filter.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) pieces: Vec<Piece>,
    /// Attributes that are compared with exactly the account, outside any `!`.
    pub(super) asserted: Vec<String>,
}

pub(super) fn parse(text: &str) -> Result<Parsed, TemplateError> {
    if text.len() > LONGEST {
        return Err(TemplateError::TooLong);
    }
    let mut reader =
        Reader { text, rest: text, depth: 0, negations: 0, item: Vec::new(), parsed: Parsed::default() };
    reader.skip_space();
    reader.filter()?;
    reader.skip_space();
    match reader.rest.chars().next() {
        None => Ok(reader.parsed),
        Some('(') => Err(reader.wrong("two filters are joined by `(&…)` or `(|…)`")),
        Some(_) => Err(reader.wrong("it goes on behind its last `)`")),
    }
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
    depth: usize,
    negations: usize,
    /// The comparison that is being read.
    item: Vec<Part>,
    parsed: Parsed,
}

impl<'a> Reader<'a> {
    /// One filter, with or without its parentheses.
    fn filter(&mut self) -> Result<(), TemplateError> {
        if self.depth == DEEPEST {
            return Err(TemplateError::TooDeep);
        }
        self.depth += 1;
        if self.take("(") {
            self.skip_space();
            self.filter()?;
            self.skip_space();
            if !self.take(")") {
                return Err(
                    self.wrong("a `)` is missing; a `(` or `)` within a value is written `\\28` or `\\29`")
                );
            }
        } else if self.take("&") {
            self.set("(&")?;
        } else if self.take("|") {
            self.set("(|")?;
        } else if self.take("!") {
            self.skip_space();
            self.negations += 1;
            self.push_structure("(!");
            self.filter()?;
            self.push_structure(")");
            self.negations -= 1;
        } else {
            self.item()?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn set(&mut self, opening: &str) -> Result<(), TemplateError> {
        self.push_structure(opening);
        self.skip_space();
        while self.rest.starts_with('(') {
            self.filter()?;
            self.skip_space();
        }
        self.push_structure(")");
        Ok(())
    }

    /// One comparison.
    fn item(&mut self) -> Result<(), TemplateError> {
        let end = self.rest.find(['(', ')', '=']).unwrap_or(self.rest.len());
        let (left, _) = self.rest.split_at(end);
        if let Some((_, variable)) = left.split_once("${") {
            let (name, _) = variable.split_once('}').ok_or(TemplateError::Unclosed)?;
            return Err(TemplateError::NoValue(Variable::parse(name)?.name()));
        }
        let operator = ["<=", ">=", "~=", ":=", "="].into_iter().find(|operator| {
            let start = end + 1 - operator.len().min(end + 1);
            self.rest.get(start..=end) == Some(*operator)
        });
        let Some(operator) = operator else {
            return Err(self.wrong("a comparison such as `attribute=value` is missing"));
        };
        let left = left.strip_suffix(operator.trim_end_matches('=')).unwrap_or(left).trim();
        let attribute = if operator == ":=" {
            self.extended(left)?
        } else if is_description(left) {
            self.push(&format!("({left}{operator}"));
            left
        } else {
            return Err(self.wrong("what stands before the `=` is no attribute"));
        };
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        let is_account = self.value(operator == "=")?;
        self.push(")");
        self.close_item();
        let is_new = !self.parsed.asserted.iter().any(|known| known.eq_ignore_ascii_case(attribute));
        let asserts = matches!(operator, "=" | ":=") && !attribute.is_empty() && self.negations == 0;
        if is_account && asserts && is_new {
            self.parsed.asserted.push(attribute.to_owned());
        }
        Ok(())
    }

    /// What stands before a `:=`: `attribute`, `attribute:dn`, `attribute:rule`, `attribute:dn:rule`, `:dn:rule`, `:rule`.
    /// Gives the attribute, "" if there is none.
    fn extended(&mut self, left: &'a str) -> Result<&'a str, TemplateError> {
        let (attribute, rest) =
            left.split_once(':').map_or((left, None), |(attribute, rest)| (attribute, Some(rest)));
        let (dn, rule) = match rest {
            Some(rest) if rest.eq_ignore_ascii_case("dn") => (true, None),
            Some(rest) => match rest.split_once(':') {
                Some((dn, rule)) if dn.eq_ignore_ascii_case("dn") => (true, Some(rule)),
                _ => (false, Some(rest)),
            },
            None => (false, None),
        };
        let is_sound =
            (is_description(attribute) || attribute.is_empty() && rule.is_some()) && rule.is_none_or(is_type);
        if !is_sound {
            return Err(self.wrong("before `:=` stands `attribute`, `attribute:rule` or `attribute:dn:rule`"));
        }
        let dn = if dn { ":dn" } else { "" };
        let rule = rule.map(|rule| format!(":{rule}")).unwrap_or_default();
        self.push(&format!("({attribute}{dn}{rule}:="));
        Ok(attribute)
    }

    /// The value, up to the `)` behind it; whether it is the account and nothing else.
    fn value(&mut self, stars: bool) -> Result<bool, TemplateError> {
        let (mut bytes, mut places, mut is_account) = (Vec::new(), 0_usize, true);
        while let Some(c) = self.rest.chars().next().filter(|c| *c != ')') {
            places += 1;
            if self.take("${") {
                let (name, rest) = self.rest.split_once('}').ok_or(TemplateError::Unclosed)?;
                let variable = Variable::parse(name)?;
                self.rest = rest;
                is_account &= variable == Variable::Account;
                self.push_value(&mut bytes);
                self.item.push(Part::Variable(variable));
                continue;
            }
            is_account = false;
            match c {
                '*' if stars => {
                    self.rest = self.rest.trim_start_matches('*');
                    self.push_value(&mut bytes);
                    self.push("*");
                }
                '*' => {
                    return Err(self
                        .wrong("a `*` stands for anything behind `=` only; by itself it is written `\\2a`"));
                }
                '(' => return Err(self.wrong("a `)` is missing; a `(` within a value is written `\\28`")),
                '\0' => return Err(self.wrong("a NUL is written `\\00`")),
                '\\' => {
                    let byte = self.rest.get(1..3).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
                    let byte = byte.and_then(|hex| u8::from_str_radix(hex, 16).ok());
                    bytes.push(byte.ok_or_else(|| {
                        self.wrong("behind a `\\` stand two hex digits; by itself it is written `\\5c`")
                    })?);
                    self.rest = self.rest.get(3..).unwrap_or_default();
                }
                c => {
                    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
                }
            }
        }
        self.push_value(&mut bytes);
        Ok(is_account && places == 1)
    }

    fn push_value(&mut self, bytes: &mut Vec<u8>) {
        let text = escape_value(&std::mem::take(bytes));
        self.push(&text);
    }

    /// Within a comparison.
    fn push(&mut self, text: &str) {
        match self.item.last_mut() {
            Some(Part::Text(before)) => before.push_str(text),
            _ => self.item.push(Part::Text(text.to_owned())),
        }
    }

    /// Between comparisons.
    fn push_structure(&mut self, text: &str) {
        match self.parsed.pieces.last_mut() {
            Some(Piece::Text(before)) => before.push_str(text),
            _ => self.parsed.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    fn close_item(&mut self) {
        let item = std::mem::take(&mut self.item);
        match item.as_slice() {
            [Part::Text(text)] => self.push_structure(text),
            _ => self.parsed.pieces.push(Piece::Item(item)),
        }
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn wrong(&self, detail: &'static str) -> TemplateError {
        let read = self.text.len() - self.rest.len();
        let at = self.text.get(..read).map_or(0, |read| read.chars().count()) + 1;
        TemplateError::Syntax { detail, at }
    }
}
