//! Filters: as they come (RFC 4511 section 4.5.1.7) and as text (RFC 4515).

use std::fmt::{self, Write as _};

use lber::common::TagClass;
use lber::structure::{PL, StructureTag};

use super::ber::{self, Malformed};
use super::message::{Parts, text};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Equal(String, Vec<u8>),
    Substrings { attribute: String, initial: Option<Vec<u8>>, any: Vec<Vec<u8>>, last: Option<Vec<u8>> },
    AtLeast(String, Vec<u8>),
    AtMost(String, Vec<u8>),
    Present(String),
    Approximately(String, Vec<u8>),
    Extensible { rule: Option<String>, attribute: Option<String>, value: Vec<u8>, dn: bool },
}

impl Filter {
    pub(super) fn read(tag: StructureTag) -> Result<Self, Malformed> {
        if tag.class != TagClass::Context {
            return Err(Malformed);
        }
        match (tag.id, tag.payload) {
            (0, PL::C(parts)) => Ok(Self::And(all(parts)?)),
            (1, PL::C(parts)) => Ok(Self::Or(all(parts)?)),
            (2, PL::C(parts)) => Ok(Self::Not(Box::new(Self::read(Parts::of(parts).next()?)?))),
            (3, PL::C(parts)) => assertion(parts).map(|(attribute, value)| Self::Equal(attribute, value)),
            (4, PL::C(parts)) => substrings(Parts::of(parts)),
            (5, PL::C(parts)) => assertion(parts).map(|(attribute, value)| Self::AtLeast(attribute, value)),
            (6, PL::C(parts)) => assertion(parts).map(|(attribute, value)| Self::AtMost(attribute, value)),
            (7, PL::P(attribute)) => Ok(Self::Present(text(attribute)?)),
            (8, PL::C(parts)) => {
                assertion(parts).map(|(attribute, value)| Self::Approximately(attribute, value))
            }
            (9, PL::C(parts)) => extensible(parts),
            _ => Err(Malformed),
        }
    }
}

fn all(parts: Vec<StructureTag>) -> Result<Vec<Filter>, Malformed> {
    parts.into_iter().map(Filter::read).collect()
}

fn assertion(parts: Vec<StructureTag>) -> Result<(String, Vec<u8>), Malformed> {
    let mut parts = Parts::of(parts);
    Ok((parts.text()?, parts.octets()?))
}

fn substrings(mut parts: Parts) -> Result<Filter, Malformed> {
    let attribute = parts.text()?;
    let (mut initial, mut any, mut last) = (None, Vec::new(), None);
    for part in ber::parts(parts.next()?, TagClass::Universal, 16)? {
        match (part.class, part.id, part.payload) {
            (TagClass::Context, 0, PL::P(value)) => initial = Some(value),
            (TagClass::Context, 1, PL::P(value)) => any.push(value),
            (TagClass::Context, 2, PL::P(value)) => last = Some(value),
            _ => return Err(Malformed),
        }
    }
    Ok(Filter::Substrings { attribute, initial, any, last })
}

fn extensible(parts: Vec<StructureTag>) -> Result<Filter, Malformed> {
    let (mut rule, mut attribute, mut value, mut dn) = (None, None, None, false);
    for part in parts {
        match (part.class, part.id, part.payload) {
            (TagClass::Context, 1, PL::P(oid)) => rule = Some(text(oid)?),
            (TagClass::Context, 2, PL::P(name)) => attribute = Some(text(name)?),
            (TagClass::Context, 3, PL::P(octets)) => value = Some(octets),
            (TagClass::Context, 4, PL::P(octets)) => dn = octets != [0],
            _ => return Err(Malformed),
        }
    }
    Ok(Filter::Extensible { rule, attribute, value: value.ok_or(Malformed)?, dn })
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('(')?;
        match self {
            Self::And(filters) => several(f, '&', filters)?,
            Self::Or(filters) => several(f, '|', filters)?,
            Self::Not(filter) => write!(f, "!{filter}")?,
            Self::Equal(attribute, value) => write!(f, "{attribute}={}", Escaped(value))?,
            Self::AtLeast(attribute, value) => write!(f, "{attribute}>={}", Escaped(value))?,
            Self::AtMost(attribute, value) => write!(f, "{attribute}<={}", Escaped(value))?,
            Self::Approximately(attribute, value) => write!(f, "{attribute}~={}", Escaped(value))?,
            Self::Present(attribute) => write!(f, "{attribute}=*")?,
            Self::Substrings { attribute, initial, any, last } => {
                write!(f, "{attribute}={}*", Escaped(initial.as_deref().unwrap_or_default()))?;
                for part in any {
                    write!(f, "{}*", Escaped(part))?;
                }
                write!(f, "{}", Escaped(last.as_deref().unwrap_or_default()))?;
            }
            Self::Extensible { rule, attribute, value, dn } => {
                f.write_str(attribute.as_deref().unwrap_or_default())?;
                f.write_str(if *dn { ":dn" } else { "" })?;
                if let Some(rule) = rule {
                    write!(f, ":{rule}")?;
                }
                write!(f, ":={}", Escaped(value))?;
            }
        }
        f.write_char(')')
    }
}

fn several(f: &mut fmt::Formatter<'_>, sign: char, filters: &[Filter]) -> fmt::Result {
    f.write_char(sign)?;
    filters.iter().try_for_each(|filter| write!(f, "{filter}"))
}

/// A value with `*()\`, NUL and all that is no text as `\XX` (RFC 4515 section 3).
struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '*' | '(' | ')' | '\\' | '\0' => write!(f, "\\{:02x}", u32::from(character))?,
                    other => f.write_char(other)?,
                }
            }
            for octet in chunk.invalid() {
                write!(f, "\\{octet:02x}")?;
            }
        }
        Ok(())
    }
}
