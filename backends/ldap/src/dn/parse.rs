//! From a text to a name.

use std::iter::Peekable;
use std::str::Chars;

use super::value::Value;
use super::{Dn, DnError, Part, Rdn, attribute_type};

/// Bytes of a name. Directories bound theirs lower.
const LONGEST: usize = 8192;
/// Levels of a name, and parts of one level.
const MOST: usize = 128;

pub(super) fn parse(text: &str) -> Result<Dn, DnError> {
    if text.len() > LONGEST {
        return Err(DnError("it is longer than 8192 bytes"));
    }
    let mut reader = Reader(text.chars().peekable());
    reader.skip_spaces();
    let mut rdns = Vec::new();
    if reader.0.peek().is_none() {
        return Ok(Dn { rdns });
    }
    loop {
        let (parts, is_last) = reader.rdn()?;
        rdns.push(Rdn::new(parts));
        if is_last {
            return Ok(Dn { rdns });
        }
        if rdns.len() == MOST {
            return Err(DnError("it has more than 128 levels"));
        }
    }
}

struct Reader<'a>(Peekable<Chars<'a>>);

impl Reader<'_> {
    /// The parts of one level, and whether the text ends behind it.
    fn rdn(&mut self) -> Result<(Vec<Part>, bool), DnError> {
        let mut parts = Vec::new();
        loop {
            let kind = self.kind()?;
            let value = self.value()?;
            parts.push(Part { kind, value });
            match self.0.next() {
                None => return Ok((parts, true)),
                Some(',' | ';') => return Ok((parts, false)),
                Some('+') if parts.len() < MOST => {}
                Some('+') => return Err(DnError("a level has more than 128 parts")),
                Some(_) => {
                    return Err(DnError(
                        "a value in quotes, or one that begins with `#`, goes on behind its end",
                    ));
                }
            }
        }
    }

    fn kind(&mut self) -> Result<String, DnError> {
        let mut text = String::new();
        loop {
            match self.0.next() {
                Some('=') => break,
                None | Some(',' | ';' | '+') => {
                    return Err(DnError(
                        "a `=` is missing; a `,` or `+` within a value is written `\\,` or `\\+`",
                    ));
                }
                Some(c) => text.push(c),
            }
        }
        let kind = attribute_type::checked(text.trim_matches(' '));
        kind.map(str::to_owned)
            .ok_or(DnError("what stands before a `=` is no attribute type such as `cn` or `2.5.4.3`"))
    }

    /// Up to the separator behind it.
    fn value(&mut self) -> Result<Value, DnError> {
        self.skip_spaces();
        match self.0.peek() {
            Some('#') => self.hex_value(),
            Some('"') => self.quoted_value(),
            _ => self.plain_value(),
        }
    }

    fn plain_value(&mut self) -> Result<Value, DnError> {
        let mut bytes = Vec::new();
        // Spaces at the end do not belong to the value, unless they are escaped.
        let mut kept = 0;
        while let Some(c) = self.0.next_if(|c| !matches!(c, ',' | ';' | '+')) {
            match c {
                '\\' => self.escaped(&mut bytes)?,
                '"' | '<' | '>' | '\0' => {
                    return Err(DnError(
                        "one of `\"<>` stands in a value without a `\\` before it, or a NUL does",
                    ));
                }
                c => push(c, &mut bytes),
            }
            if c != ' ' {
                kept = bytes.len();
            }
        }
        bytes.truncate(kept);
        Ok(Value::of_bytes(bytes))
    }

    fn quoted_value(&mut self) -> Result<Value, DnError> {
        self.0.next();
        let mut bytes = Vec::new();
        loop {
            match self.0.next() {
                Some('"') => break,
                Some('\\') => self.escaped(&mut bytes)?,
                None | Some('\0') => return Err(DnError("the closing `\"` of a value is missing")),
                Some(c) => push(c, &mut bytes),
            }
        }
        self.skip_spaces();
        Ok(Value::of_bytes(bytes))
    }

    fn hex_value(&mut self) -> Result<Value, DnError> {
        const WRONG: DnError =
            DnError("pairs of hex digits must follow a `#`; a value that begins with it is written `\\#…`");
        self.0.next();
        let mut bytes = Vec::new();
        while let Some(first) = self.0.next_if(char::is_ascii_hexdigit) {
            let second = self.0.next().ok_or(WRONG)?;
            bytes.push(byte(first, second).ok_or(WRONG)?);
        }
        self.skip_spaces();
        if bytes.is_empty() { Err(WRONG) } else { Ok(Value::of_ber(bytes)) }
    }

    /// What stands behind a `\`.
    fn escaped(&mut self, bytes: &mut Vec<u8>) -> Result<(), DnError> {
        const WRONG: DnError = DnError(
            "a `\\` stands before neither a special character nor two hex digits; it is written `\\\\` itself",
        );
        match self.0.next().ok_or(WRONG)? {
            c @ ('"' | '+' | ',' | ';' | '<' | '>' | '\\' | ' ' | '#' | '=') => push(c, bytes),
            first => {
                let second = self.0.next().ok_or(WRONG)?;
                bytes.push(byte(first, second).ok_or(WRONG)?);
            }
        }
        Ok(())
    }

    fn skip_spaces(&mut self) {
        while self.0.next_if_eq(&' ').is_some() {}
    }
}

fn push(c: char, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn byte(first: char, second: char) -> Option<u8> {
    u8::try_from(first.to_digit(16)? * 16 + second.to_digit(16)?).ok()
}
