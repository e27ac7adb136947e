//! Requests, as a client sends them (RFC 4511 section 4).

use std::vec::IntoIter;

use lber::common::TagClass;
use lber::structure::{PL, StructureTag};
use lber::universal::Types;

use super::ber::{self, Malformed};
use super::filter::Filter;
use super::record::Scope;

/// A control of a request or of an answer (RFC 4511 section 4.1.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Its object identifier.
    pub oid: String,
    /// Whether the operation must fail where the control is not known.
    pub critical: bool,
    /// What it says, in its own encoding.
    pub value: Option<Vec<u8>>,
}

pub(super) struct Message {
    pub(super) id: u32,
    pub(super) operation: Operation,
    pub(super) controls: Vec<Control>,
}

pub(super) enum Operation {
    /// No password: a SASL mechanism.
    Bind {
        version: u32,
        name: String,
        password: Option<Vec<u8>>,
    },
    Unbind,
    Search(SearchRequest),
    Abandon(u32),
    Extended(String),
    /// Anything else, by its tag.
    Other(u64),
}

pub(super) struct SearchRequest {
    pub(super) base: String,
    pub(super) scope: Scope,
    pub(super) size_limit: usize,
    pub(super) types_only: bool,
    pub(super) filter: Filter,
    pub(super) attributes: Vec<String>,
}

impl Message {
    pub(super) fn read(tag: StructureTag) -> Result<Self, Malformed> {
        let mut parts = Parts::of(ber::parts(tag, TagClass::Universal, Types::Sequence as u64)?);
        let id = parts.number(Types::Integer)?;
        let operation = Operation::read(parts.next()?)?;
        let controls = match parts.0.next() {
            Some(tag) => ber::parts(tag, TagClass::Context, 0)?
                .into_iter()
                .map(Control::read)
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        };
        Ok(Self { id, operation, controls })
    }
}

impl Operation {
    fn read(tag: StructureTag) -> Result<Self, Malformed> {
        if tag.class != TagClass::Application {
            return Err(Malformed);
        }
        match (tag.id, tag.payload) {
            (0, PL::C(parts)) => bind(Parts::of(parts)),
            (2, PL::P(_)) => Ok(Self::Unbind),
            (3, PL::C(parts)) => Ok(Self::Search(search(Parts::of(parts))?)),
            (16, PL::P(id)) => Ok(Self::Abandon(ber::number(&id)?)),
            (23, PL::C(parts)) => {
                let name = ber::primitive(Parts::of(parts).next()?, TagClass::Context, 0)?;
                Ok(Self::Extended(text(name)?))
            }
            (0 | 2 | 3 | 16 | 23, _) => Err(Malformed),
            (other, _) => Ok(Self::Other(other)),
        }
    }
}

fn bind(mut parts: Parts) -> Result<Operation, Malformed> {
    let version = parts.number(Types::Integer)?;
    let name = parts.text()?;
    let credentials = parts.next()?;
    let password = match (credentials.class, credentials.id, credentials.payload) {
        (TagClass::Context, 0, PL::P(password)) => Some(password),
        (TagClass::Context, 3, PL::C(_)) => None,
        _ => return Err(Malformed),
    };
    Ok(Operation::Bind { version, name, password })
}

fn search(mut parts: Parts) -> Result<SearchRequest, Malformed> {
    let base = parts.text()?;
    let scope = match parts.number(Types::Enumerated)? {
        0 => Scope::Base,
        1 => Scope::One,
        2 => Scope::Subtree,
        _ => return Err(Malformed),
    };
    let _aliases = parts.number(Types::Enumerated)?;
    let size_limit = parts.number(Types::Integer)?;
    let _time_limit = parts.number(Types::Integer)?;
    let types_only = ber::primitive(parts.next()?, TagClass::Universal, Types::Boolean as u64)? != [0];
    let filter = Filter::read(parts.next()?)?;
    let attributes = ber::parts(parts.next()?, TagClass::Universal, Types::Sequence as u64)?
        .into_iter()
        .map(|tag| text(ber::primitive(tag, TagClass::Universal, Types::OctetString as u64)?))
        .collect::<Result<_, _>>()?;
    let size_limit = usize::try_from(size_limit).map_err(|_| Malformed)?;
    Ok(SearchRequest { base, scope, size_limit, types_only, filter, attributes })
}

impl Control {
    fn read(tag: StructureTag) -> Result<Self, Malformed> {
        let mut parts = Parts::of(ber::parts(tag, TagClass::Universal, Types::Sequence as u64)?);
        let mut control = Self { oid: parts.text()?, critical: false, value: None };
        for part in parts.0 {
            match (part.class, part.id, part.payload) {
                (TagClass::Universal, 1, PL::P(critical)) => control.critical = critical != [0],
                (TagClass::Universal, 4, PL::P(value)) => control.value = Some(value),
                _ => return Err(Malformed),
            }
        }
        Ok(control)
    }
}

/// The parts of a sequence, one after the other.
pub(super) struct Parts(IntoIter<StructureTag>);

impl Parts {
    pub(super) fn of(tags: Vec<StructureTag>) -> Self {
        Self(tags.into_iter())
    }

    pub(super) fn next(&mut self) -> Result<StructureTag, Malformed> {
        self.0.next().ok_or(Malformed)
    }

    pub(super) fn number(&mut self, of: Types) -> Result<u32, Malformed> {
        ber::number(&ber::primitive(self.next()?, TagClass::Universal, of as u64)?)
    }

    pub(super) fn octets(&mut self) -> Result<Vec<u8>, Malformed> {
        ber::primitive(self.next()?, TagClass::Universal, Types::OctetString as u64)
    }

    pub(super) fn text(&mut self) -> Result<String, Malformed> {
        text(self.octets()?)
    }
}

pub(super) fn text(octets: Vec<u8>) -> Result<String, Malformed> {
    String::from_utf8(octets).map_err(|_| Malformed)
}
