//! Security identifiers of Windows (MS-DTYP section 2.4.2).

use crate::filter::escape_all;

/// Sub-authorities of one identifier.
const MOST: usize = 15;

/// The text of an `objectSid`: `S-1-5-21-1004336348-1177238915-682003330-512`.
pub(crate) fn text_of_sid(sid: &[u8]) -> Option<String> {
    let (head, subs) = split(sid)?;
    let authority = head.iter().skip(2).fold(0_u64, |sum, byte| sum * 256 + u64::from(*byte));
    let mut text = format!("S-1-{authority}");
    for sub in subs.chunks_exact(4) {
        text.push_str(&format!("-{}", u32::from_le_bytes(sub.try_into().ok()?)));
    }
    Some(text)
}

/// The bytes of an identifier's text.
pub(crate) fn sid_of_text(text: &str) -> Option<Vec<u8>> {
    let mut numbers = text.strip_prefix("S-1-").or_else(|| text.strip_prefix("s-1-"))?.split('-');
    let is_number = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
    let authority: u64 = numbers.next().filter(is_number)?.parse().ok()?;
    let [0, 0, authority @ ..] = authority.to_be_bytes() else { return None };
    let subs: Vec<u32> =
        numbers.map(|sub| sub.parse().ok().filter(|_| is_number(&sub))).collect::<Option<_>>()?;
    let count = u8::try_from(subs.len()).ok().filter(|count| usize::from(*count) <= MOST)?;
    let subs = subs.into_iter().flat_map(u32::to_le_bytes);
    Some([1, count].into_iter().chain(authority).chain(subs).collect())
}

/// The filter that finds the primary group of an entry of Active Directory, which no `memberOf` names: the group of the same
/// domain whose relative identifier is the entry's `primaryGroupID`.
pub(crate) fn primary_group_filter(object_sid: &[u8], primary_group_id: &str) -> Option<String> {
    let group: u32 = primary_group_id.trim().parse().ok()?;
    let (_, subs) = split(object_sid)?;
    let domain = object_sid.len() - subs.len().min(4);
    let domain = object_sid.get(..domain).filter(|_| !subs.is_empty())?;
    Some(format!("(objectSid={})", escape_all(&[domain, &group.to_le_bytes()].concat())))
}

/// Revision, count and authority; and the sub-authorities.
fn split(sid: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, subs) = sid.split_at_checked(8)?;
    let [1, count, ..] = head else { return None };
    let count = usize::from(*count);
    (count <= MOST && subs.len() == count * 4).then_some((head, subs))
}
