//! Attribute types under their several names.

/// Short name, numeric object identifier, long name (RFC 4519 section 2, RFC 4524 section 2, RFC 2985).
const KNOWN: [(&str, &str, &str); 18] = [
    ("cn", "2.5.4.3", "commonname"),
    ("sn", "2.5.4.4", "surname"),
    ("serialnumber", "2.5.4.5", "serialnumber"),
    ("c", "2.5.4.6", "countryname"),
    ("l", "2.5.4.7", "localityname"),
    ("st", "2.5.4.8", "stateorprovincename"),
    ("street", "2.5.4.9", "streetaddress"),
    ("o", "2.5.4.10", "organizationname"),
    ("ou", "2.5.4.11", "organizationalunitname"),
    ("title", "2.5.4.12", "title"),
    ("member", "2.5.4.31", "member"),
    ("name", "2.5.4.41", "name"),
    ("givenname", "2.5.4.42", "gn"),
    ("uniqueidentifier", "0.9.2342.19200300.100.1.44", "uniqueidentifier"),
    ("uid", "0.9.2342.19200300.100.1.1", "userid"),
    ("mail", "0.9.2342.19200300.100.1.3", "rfc822mailbox"),
    ("dc", "0.9.2342.19200300.100.1.25", "domaincomponent"),
    ("email", "1.2.840.113549.1.9.1", "emailaddress"),
];

/// One spelling for all names of a type.
pub(super) fn canonical(kind: &str) -> String {
    let kind = kind.to_ascii_lowercase();
    let known = KNOWN.iter().find(|(_, oid, long)| kind == *oid || kind == *long);
    known.map_or(kind, |(short, ..)| (*short).to_owned())
}

/// Whether two names mean one attribute type: `CN`, `commonName` and `2.5.4.3` do.
pub(crate) fn same_type(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || canonical(one) == canonical(other)
}

/// The type behind an old `OID.` in front, if it is a type (RFC 4512 section 1.4). Some directories allow `_` too.
pub(super) fn checked(text: &str) -> Option<&str> {
    let kind = match text.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("oid.") => text.get(4..)?,
        _ => text,
    };
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    (is_word(kind) || is_oid(kind)).then_some(kind)
}

/// Whether a text is a numeric object identifier (RFC 4512 section 1.4), or one number of it.
pub(crate) fn is_oid(text: &str) -> bool {
    let is_number = |arc: &str| {
        !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()) && (arc == "0" || !arc.starts_with('0'))
    };
    text.split('.').all(is_number)
}
