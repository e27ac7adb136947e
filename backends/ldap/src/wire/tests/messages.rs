//! Messages of a server, byte by byte.

pub(super) const BIND: &[u8] = b"\x30\x10\x02\x01\x01\x60\x0b\x02\x01\x03\x04\x02cn\x80\x02pw";
pub(super) const SEARCH: &[u8] = b"\x30\x05\x02\x01\x01\x63\x00";

/// An element: tag, length, contents.
pub(super) fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let octets: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
    let header = if length < 0x80 {
        vec![tag, u8::try_from(length).unwrap()]
    } else {
        [vec![tag, 0x80 | u8::try_from(octets.len()).unwrap()], octets].concat()
    };
    [header, contents.to_vec()].concat()
}

pub(super) fn message(id: &[u8], operation: u8, contents: &[u8], more: &[u8]) -> Vec<u8> {
    element(0x30, &[element(2, id), element(operation, contents), more.to_vec()].concat())
}

pub(super) fn result(code: u8, text: &str) -> Vec<u8> {
    [element(10, &[code]), element(4, b""), element(4, text.as_bytes())].concat()
}

pub(super) fn bound(id: u8, code: u8, text: &str) -> Vec<u8> {
    message(&[id], 0x61, &result(code, text), b"")
}

pub(super) fn done(id: u8, code: u8) -> Vec<u8> {
    message(&[id], 0x65, &result(code, ""), b"")
}

/// The end of a page.
pub(super) fn page(id: u8, cookie: &[u8]) -> Vec<u8> {
    let value = element(0x30, &[element(2, &[0]), element(4, cookie)].concat());
    let control = control("1.2.840.113556.1.4.319", &element(4, &value));
    message(&[id], 0x65, &result(0, ""), &element(0xa0, &control))
}

pub(super) fn control(name: &str, more: &[u8]) -> Vec<u8> {
    element(0x30, &[element(4, name.as_bytes()), more.to_vec()].concat())
}

pub(super) fn attribute(name: &[u8], values: &[&[u8]]) -> Vec<u8> {
    let values: Vec<u8> = values.iter().flat_map(|value| element(4, value)).collect();
    element(0x30, &[element(4, name), element(0x31, &values)].concat())
}

pub(super) fn entry(id: u8, name: &str, attributes: &[u8]) -> Vec<u8> {
    let contents = [element(4, name.as_bytes()), element(0x30, attributes)].concat();
    message(&[id], 0x64, &contents, b"")
}

pub(super) fn reference(id: u8, url: &str) -> Vec<u8> {
    message(&[id], 0x73, &element(4, url.as_bytes()), b"")
}

const DISCONNECTION: &[u8] = b"1.3.6.1.4.1.1466.20036";

pub(super) fn notice(text: &str) -> Vec<u8> {
    message(&[0], 0x78, &[result(52, text), element(0x8a, DISCONNECTION)].concat(), b"")
}

/// With the name behind the operation.
pub(super) fn notice_of_active_directory(text: &str) -> Vec<u8> {
    message(&[0], 0x78, &result(52, text), &element(0x8a, DISCONNECTION))
}
