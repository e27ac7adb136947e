//! What is sent (RFC 4511 sections 4.2 and 4.5).

use ldap3::asn1::{ASNTag as _, PL, StructureTag, TagClass};

use super::ber::{BOOLEAN, ENUMERATED, INTEGER, OCTET_STRING, SEQUENCE};
use super::{Scope, Search};

const BIND: u8 = 0x60;
const SIMPLE: u8 = 0x80;
const SEARCH: u8 = 0x63;
const CONTROLS: u8 = 0xa0;
const CONSTRUCTED: u8 = 0x20;
const VERSION: u32 = 3;
const NEVER_DEREFERENCE: &[u8] = &[0];
const FALSE: &[u8] = &[0];

/// A control that is not critical.
pub(super) fn control(name: &str, value: Option<&[u8]>) -> Vec<u8> {
    let value = value.map(|value| element(OCTET_STRING, value)).unwrap_or_default();
    element(SEQUENCE, &[element(OCTET_STRING, name.as_bytes()), value].concat())
}

/// The value of a request for a page (RFC 2696).
pub(super) fn page(size: u32, cookie: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[number(size), element(OCTET_STRING, cookie)].concat())
}

pub(super) fn bind(id: u32, name: &str, password: &str, control: &[u8]) -> Vec<u8> {
    let parts =
        [number(VERSION), element(OCTET_STRING, name.as_bytes()), element(SIMPLE, password.as_bytes())];
    message(id, &element(BIND, &parts.concat()), control)
}

/// From the text of a filter; nothing if it is none (RFC 4515).
pub(super) fn filter(text: &str) -> Option<Vec<u8>> {
    Some(tree(&ldap3::parse_filter(text).ok()?.into_structure()))
}

/// With the filter as [`filter`] makes it.
pub(super) fn search(id: u32, search: &Search, filter: &[u8], limits: Limits, control: &[u8]) -> Vec<u8> {
    let scope = match search.scope {
        Scope::Base => &[0],
        Scope::Subtree => &[2],
    };
    let attributes = search.attributes.iter().map(|name| element(OCTET_STRING, name.as_bytes()));
    let parts = [
        element(OCTET_STRING, search.base.as_bytes()),
        element(ENUMERATED, scope),
        element(ENUMERATED, NEVER_DEREFERENCE),
        number(limits.entries),
        number(limits.seconds),
        element(BOOLEAN, FALSE),
        filter.to_vec(),
        element(SEQUENCE, &attributes.collect::<Vec<_>>().concat()),
    ];
    message(id, &element(SEARCH, &parts.concat()), control)
}

/// What a server is told not to go beyond.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) entries: u32,
    pub(super) seconds: u32,
}

fn message(id: u32, operation: &[u8], control: &[u8]) -> Vec<u8> {
    let controls = if control.is_empty() { Vec::new() } else { element(CONTROLS, control) };
    element(SEQUENCE, &[&number(id), operation, &controls].concat())
}

/// Of an INTEGER, which has a sign: numbers here end at `i32::MAX`.
fn number(number: u32) -> Vec<u8> {
    let octets = number.min(i32::MAX.unsigned_abs()).to_be_bytes();
    let spare = octets.windows(2).take_while(|pair| matches!(pair, [0, 0..0x80])).count();
    element(INTEGER, octets.get(spare..).unwrap_or_default())
}

fn tree(tag: &StructureTag) -> Vec<u8> {
    let class = match tag.class {
        TagClass::Universal => 0,
        TagClass::Application => 0x40,
        TagClass::Context => 0x80,
        TagClass::Private => 0xc0,
    };
    // A filter has no tag beyond nine.
    let own = class | u8::try_from(tag.id & 0x1f).unwrap_or_default();
    match &tag.payload {
        PL::P(contents) => element(own, contents),
        PL::C(parts) => element(own | CONSTRUCTED, &parts.iter().map(tree).collect::<Vec<_>>().concat()),
    }
}

fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let mut written = Vec::with_capacity(length + 6);
    written.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => written.push(short),
        _ => {
            let octets = length.to_be_bytes();
            let spare = octets.iter().take_while(|octet| **octet == 0).count();
            let octets = octets.get(spare..).unwrap_or_default();
            written.push(0x80 | u8::try_from(octets.len()).unwrap_or_default());
            written.extend_from_slice(octets);
        }
    }
    written.extend_from_slice(contents);
    written
}
