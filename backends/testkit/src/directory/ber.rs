//! Messages out of bytes and into them (ITU-T X.690, as far as RFC 4511 section 5.1 uses it).
//!
//! Reading is bounded here, in size and in depth: what a broken client sends must end its connection and nothing else.

use bytes::{Buf, BytesMut};
use lber::common::TagClass;
use lber::structure::{PL, StructureTag};
use lber::universal::Types;

/// Longer messages end the connection.
const MOST_BYTES: usize = 1 << 20;
/// Filters nest; nothing that a test asks nests deeper.
const DEEPEST: usize = 64;
/// How every message begins.
const SEQUENCE: u8 = 0x30;

/// The bytes are no message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Takes one message off the front, once all of it has come.
pub(super) fn take(buffer: &mut BytesMut) -> Result<Option<StructureTag>, Malformed> {
    if buffer.first().is_some_and(|&first| first != SEQUENCE) {
        return Err(Malformed);
    }
    let Some(header) = Header::read(buffer)? else { return Ok(None) };
    if header.length > MOST_BYTES {
        return Err(Malformed);
    }
    let whole = header.size + header.length;
    let Some(bytes) = buffer.get(..whole) else { return Ok(None) };
    let tag = one(bytes, DEEPEST)?.0;
    buffer.advance(whole);
    Ok(Some(tag))
}

/// Reads a value that must be all of the bytes.
pub(super) fn whole(bytes: &[u8]) -> Result<StructureTag, Malformed> {
    match one(bytes, DEEPEST)? {
        (tag, []) => Ok(tag),
        _ => Err(Malformed),
    }
}

struct Header {
    class: TagClass,
    constructed: bool,
    id: u64,
    size: usize,
    length: usize,
}

impl Header {
    /// Nothing if the bytes end within it.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let (Some(&first), Some(&second)) = (bytes.first(), bytes.get(1)) else { return Ok(None) };
        let class = TagClass::from_u8(first >> 6).ok_or(Malformed)?;
        let id = u64::from(first & 0x1f);
        if id == 0x1f {
            return Err(Malformed);
        }
        let header = |size, length| Self { class, constructed: first & 0x20 != 0, id, size, length };
        if second < 0x80 {
            return Ok(Some(header(2, usize::from(second))));
        }
        let count = usize::from(second & 0x7f);
        if count == 0 || count > 4 {
            return Err(Malformed);
        }
        let Some(octets) = bytes.get(2..2 + count) else { return Ok(None) };
        let length = octets.iter().fold(0_usize, |length, &octet| (length << 8) | usize::from(octet));
        Ok(Some(header(2 + count, length)))
    }
}

fn one(bytes: &[u8], deep: usize) -> Result<(StructureTag, &[u8]), Malformed> {
    let header = Header::read(bytes)?.ok_or(Malformed)?;
    let (_, after) = bytes.split_at_checked(header.size).ok_or(Malformed)?;
    let (mut content, rest) = after.split_at_checked(header.length).ok_or(Malformed)?;
    let payload = if header.constructed {
        let deeper = deep.checked_sub(1).ok_or(Malformed)?;
        let mut tags = Vec::new();
        while !content.is_empty() {
            let (tag, further) = one(content, deeper)?;
            tags.push(tag);
            content = further;
        }
        PL::C(tags)
    } else {
        PL::P(content.to_vec())
    };
    Ok((StructureTag { class: header.class, id: header.id, payload }, rest))
}

/// The bytes of a value.
pub(super) fn encode(tag: StructureTag) -> Vec<u8> {
    let mut buffer = BytesMut::new();
    if let Err(error) = lber::write::encode_into(&mut buffer, tag) {
        panic!("an answer cannot be encoded: {error}");
    }
    buffer.to_vec()
}

pub(super) fn universal(id: Types, payload: PL) -> StructureTag {
    StructureTag { class: TagClass::Universal, id: id as u64, payload }
}

pub(super) fn application(id: u64, payload: PL) -> StructureTag {
    StructureTag { class: TagClass::Application, id, payload }
}

pub(super) fn context(id: u64, payload: PL) -> StructureTag {
    StructureTag { class: TagClass::Context, id, payload }
}

pub(super) fn octets(value: impl Into<Vec<u8>>) -> StructureTag {
    universal(Types::OctetString, PL::P(value.into()))
}

pub(super) fn sequence(tags: Vec<StructureTag>) -> StructureTag {
    universal(Types::Sequence, PL::C(tags))
}

pub(super) fn integer(value: u32) -> StructureTag {
    universal(Types::Integer, PL::P(integer_octets(value)))
}

pub(super) fn enumerated(value: u32) -> StructureTag {
    universal(Types::Enumerated, PL::P(integer_octets(value)))
}

/// A number in as few octets as it needs; never one that reads as negative.
pub(super) fn integer_octets(value: u32) -> Vec<u8> {
    let octets = value.to_be_bytes();
    let zeros = octets.iter().take_while(|&&octet| octet == 0).count().min(3);
    let mut octets: Vec<u8> = octets.into_iter().skip(zeros).collect();
    if octets.first().is_some_and(|&octet| octet >= 0x80) {
        octets.insert(0, 0);
    }
    octets
}

/// The number that a primitive value says, if it is not negative and not too large.
pub(super) fn number(octets: &[u8]) -> Result<u32, Malformed> {
    if octets.is_empty() || octets.len() > 5 || octets.first().is_some_and(|&octet| octet >= 0x80) {
        return Err(Malformed);
    }
    let value = octets.iter().fold(0_u64, |value, &octet| (value << 8) | u64::from(octet));
    u32::try_from(value).map_err(|_| Malformed)
}

/// What is within a value of the given class and number.
pub(super) fn primitive(tag: StructureTag, class: TagClass, id: u64) -> Result<Vec<u8>, Malformed> {
    tag.match_class(class)
        .and_then(|tag| tag.match_id(id))
        .and_then(StructureTag::expect_primitive)
        .ok_or(Malformed)
}

/// The parts of a value of the given class and number.
pub(super) fn parts(tag: StructureTag, class: TagClass, id: u64) -> Result<Vec<StructureTag>, Malformed> {
    tag.match_class(class)
        .and_then(|tag| tag.match_id(id))
        .and_then(StructureTag::expect_constructed)
        .ok_or(Malformed)
}
