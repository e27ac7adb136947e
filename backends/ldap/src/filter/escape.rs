//! Values on their way into a filter.

use std::fmt::Write as _;

/// A value as it may stand in any place of a filter where a value may (RFC 4515 section 3): `*`, `(`, `)`, `\`, control
/// characters and bytes that are no UTF-8 become hex; other text stays as it is.
pub(crate) fn escape_value(value: &[u8]) -> String {
    let mut escaped = String::with_capacity(value.len());
    for chunk in value.utf8_chunks() {
        for c in chunk.valid().chars() {
            if matches!(c, '*' | '(' | ')' | '\\') || c.is_control() {
                escape_bytes(c.encode_utf8(&mut [0; 4]).as_bytes(), &mut escaped);
            } else {
                escaped.push(c);
            }
        }
        escape_bytes(chunk.invalid(), &mut escaped);
    }
    escaped
}

/// Every byte as hex, for values that are no text.
pub(crate) fn escape_all(value: &[u8]) -> String {
    let mut escaped = String::with_capacity(value.len() * 3);
    escape_bytes(value, &mut escaped);
    escaped
}

fn escape_bytes(bytes: &[u8], escaped: &mut String) {
    for byte in bytes {
        let _ = write!(escaped, "\\{byte:02x}");
    }
}
