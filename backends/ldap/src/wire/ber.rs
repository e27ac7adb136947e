//! The encoding of messages (RFC 4511 section 5.1): BER with definite lengths only. Nothing here recurses or copies.

use std::cell::Cell;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// What is wrong with bytes, for the middle of a sentence.
pub(crate) type Problem = &'static str;

struct Header {
    tag: u8,
    /// Of the header itself.
    size: usize,
    /// Of the contents.
    length: usize,
}

/// The header at the start of these bytes; none if they end within it.
fn header(bytes: &[u8]) -> Result<Option<Header>, Problem> {
    let (Some(&tag), Some(&first)) = (bytes.first(), bytes.get(1)) else { return Ok(None) };
    if first < 0x80 {
        return Ok(Some(Header { tag, size: 2, length: usize::from(first) }));
    }
    let octets = usize::from(first & 0x7f);
    match octets {
        0 => return Err("a length that is not definite"),
        1..=4 => {}
        _ => return Err("a length of more than four octets"),
    }
    let Some(written) = bytes.get(2..2 + octets) else { return Ok(None) };
    let length = written.iter().fold(0, |sum: usize, octet| (sum << 8) | usize::from(*octet));
    Ok(Some(Header { tag, size: 2 + octets, length }))
}

/// How many bytes the element at the start has, its header included; none if the bytes end within the header.
///
/// # Errors
/// If its length is none that we read.
pub(crate) fn extent(bytes: &[u8]) -> Result<Option<usize>, Problem> {
    Ok(header(bytes)?.map(|header| header.size.saturating_add(header.length)))
}

/// The elements within another one, in order.
pub(crate) struct Elements<'a> {
    rest: &'a [u8],
    /// How many may still be read, here and elsewhere.
    left: &'a Cell<usize>,
}

impl<'a> Elements<'a> {
    pub(crate) fn of(contents: &'a [u8], left: &'a Cell<usize>) -> Self {
        Self { rest: contents, left }
    }

    /// Those within an element of these.
    pub(crate) fn within(&self, contents: &'a [u8]) -> Self {
        Self { rest: contents, left: self.left }
    }

    /// The tag and the contents of the next one.
    pub(crate) fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, Problem> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.left.set(self.left.get().checked_sub(1).ok_or("more elements than are read")?);
        let header = header(self.rest)?.ok_or("an element without its end")?;
        let whole = header.size.checked_add(header.length).ok_or("a length beyond all bounds")?;
        let (element, rest) =
            self.rest.split_at_checked(whole).ok_or("an element longer than what it is in")?;
        self.rest = rest;
        Ok(Some((header.tag, element.get(header.size..).unwrap_or_default())))
    }

    /// The contents of the next one, which must be there and have this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Result<&'a [u8], Problem> {
        match self.next()? {
            Some((found, contents)) if found == tag => Ok(contents),
            Some(_) => Err("an element of another kind than expected"),
            None => Err("an element too few"),
        }
    }

    /// The elements within the next one, which must have this tag.
    pub(crate) fn inside(&mut self, tag: u8) -> Result<Self, Problem> {
        let contents = self.take(tag)?;
        Ok(self.within(contents))
    }

    /// The text in UTF-8 of the next one, which must have this tag.
    pub(crate) fn text(&mut self, tag: u8) -> Result<&'a str, Problem> {
        std::str::from_utf8(self.take(tag)?).map_err(|_| "a text that is not UTF-8")
    }

    /// The contents of the next one if it has this tag.
    pub(crate) fn maybe(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Problem> {
        if self.rest.first() == Some(&tag) { self.take(tag).map(Some) } else { Ok(None) }
    }

    pub(crate) fn end(&self) -> Result<(), Problem> {
        if self.rest.is_empty() { Ok(()) } else { Err("an element too many") }
    }
}

/// A number that is not negative and has no octet too many.
pub(crate) fn number(contents: &[u8]) -> Result<u32, Problem> {
    match contents {
        [] | [_, _, _, _, _, ..] => Err("a number of no octets, or of more than four"),
        [0x80..=0xff, ..] => Err("a negative number"),
        [0, 0..0x80, ..] => Err("a number with an octet too many"),
        _ => Ok(contents.iter().fold(0, |sum, octet| (sum << 8) | u32::from(*octet))),
    }
}
