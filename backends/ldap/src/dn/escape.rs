//! Values on their way into a name.

use std::fmt::Write as _;

/// A value as it may stand in any place of a distinguished name (RFC 4514 section 2.4). Control characters become hex
/// pairs, so that the name is one line wherever it is written.
pub(crate) fn escape_value(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (place, c) in value.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=' => {
                escaped.push('\\');
                escaped.push(c);
            }
            ' ' if place == 0 || place == last => escaped.push_str("\\ "),
            '#' if place == 0 => escaped.push_str("\\#"),
            c if c.is_control() => escape_bytes(c.encode_utf8(&mut [0; 4]).as_bytes(), &mut escaped),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Each byte as a hex pair.
pub(super) fn escape_bytes(bytes: &[u8], escaped: &mut String) {
    for byte in bytes {
        let _ = write!(escaped, "\\{byte:02x}");
    }
}
