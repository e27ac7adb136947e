//! What stays of an entry when it is renamed or moved.

mod identifier;
mod sid;
#[cfg(test)]
mod tests;

use crate::dn::Dn;
use crate::entry::Entry;
use crate::filter::{escape_all, escape_value, is_description};
use identifier::Form;
pub(crate) use sid::primary_group_filter;

/// The attributes that name an entry for ever, the first that it has counts: RFC 4530, Active Directory, 389 Directory Server,
/// FreeIPA, eDirectory. All but the second are operational: they come only to whoever names them.
pub(crate) const ATTRIBUTES: [&str; 5] = ["entryUUID", "objectGUID", "nsUniqueId", "ipaUniqueID", "GUID"];

/// The subject of an entry: the attribute in lower case, `:` and its value, such as
/// `entryuuid:597ae2f6-16a6-1027-98f4-d28b5365dc14`. It is written into stores and stays the same from release to release: text
/// as it is (those of the known attributes in lower case), `objectGUID` and `objectSid` as Microsoft prints them, other bytes in
/// hex behind a `#`.
///
/// The attribute is the configured one, or the first known one that the entry has. None if it has none, or several values
/// where one was expected. A subject never has a `=` before its first `:`, so that a distinguished name can stand in its place.
pub(crate) fn subject(entry: &Entry, configured: Option<&str>) -> Option<String> {
    let of = |attribute: &str| match entry.values(attribute) {
        [value] if !value.is_empty() => {
            let attribute = attribute.to_ascii_lowercase();
            Some(format!("{attribute}:{}", Form::of(&attribute).text(value)?))
        }
        _ => None,
    };
    configured.map_or_else(|| ATTRIBUTES.into_iter().find_map(of), of)
}

/// The filter that finds the entry of a subject again; none if it is none that [`subject`] makes.
pub(crate) fn filter_for(subject: &str) -> Option<String> {
    let (attribute, text) = subject.split_once(':').filter(|(attribute, _)| is_description(attribute))?;
    let value = Form::of(&attribute.to_ascii_lowercase()).bytes(text).filter(|value| !value.is_empty())?;
    let is_text = std::str::from_utf8(&value).is_ok_and(|value| value == text);
    let value = if is_text { escape_value(&value) } else { escape_all(&value) };
    Some(format!("({attribute}={value})"))
}

/// The subject of an entry that has no better one: its name, in the one spelling of all that are equal.
pub(crate) fn of_name(entry: &Entry) -> String {
    Dn::parse(&entry.dn).map_or_else(|_| entry.dn.clone(), |dn| dn.normalised())
}

/// The attribute that a subject is of.
pub(crate) fn attribute_of(subject: &str) -> Option<&str> {
    subject.split_once(':').map(|(attribute, _)| attribute).filter(|attribute| is_description(attribute))
}
