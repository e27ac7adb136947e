//! The primary group of Active Directory, which neither `memberOf` nor `member` names (MS-ADTS section 3.1.1.1.6).

use dockgate_api::BackendError;

use crate::entry::Entry;
use crate::filter::escape_all;

pub(super) const PRIMARY_GROUP: &str = "primaryGroupID";
pub(super) const SID: &str = "objectSid";

/// Revision, count and authority; then the sub-authorities of 4 bytes each (MS-DTYP section 2.4.2.2).
const HEAD: usize = 8;
const SUB_AUTHORITY: usize = 4;

/// The filter that finds the primary group of a user: the same domain, and the number that the entry gives.
///
/// # Errors
/// If the entry says neither: it is no user of Active Directory, or the service account may not read it.
pub(super) fn filter(user: &Entry) -> Result<String, BackendError> {
    let unusable =
        |what: String| BackendError::Protocol(format!("{} {what}, which `groups.primary` needs", user.dn));
    let Some(number) = user.text(PRIMARY_GROUP) else {
        return Err(unusable(format!("has no readable `{PRIMARY_GROUP}`")));
    };
    let number: u32 =
        number.parse().map_err(|_| unusable(format!("has a `{PRIMARY_GROUP}` that is no number")))?;
    let Some(sid) = user.values(SID).first() else {
        return Err(unusable(format!("has no readable `{SID}`")));
    };
    let of_group =
        in_same_domain(sid, number).ok_or_else(|| unusable(format!("has an `{SID}` that is none")))?;
    Ok(format!("({SID}={})", escape_all(&of_group)))
}

/// The identifier with another last number.
fn in_same_domain(sid: &[u8], number: u32) -> Option<Vec<u8>> {
    let (&[1, count, ..], Some(domain)) = (sid, sid.len().checked_sub(SUB_AUTHORITY)) else { return None };
    if count == 0 || sid.len() != HEAD + SUB_AUTHORITY * usize::from(count) {
        return None;
    }
    Some(sid.get(..domain)?.iter().copied().chain(number.to_le_bytes()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S-1-5-21-1-2-3-1104
    const ALICE: [u8; 28] =
        [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0x50, 4, 0, 0];

    fn entry(number: &str, sid: &[u8]) -> Entry {
        let mut entry = Entry::new("cn=Alice");
        entry.add(PRIMARY_GROUP, [number.as_bytes().to_vec()]);
        entry.add(SID, [sid.to_vec()]);
        entry
    }

    #[test]
    fn the_group_is_of_the_users_domain() {
        let expected = concat!(
            r"(objectSid=\01\05\00\00\00\00\00\05\15\00\00\00\01\00\00\00\02\00\00\00\03\00\00\00",
            r"\01\02\00\00)"
        );
        assert_eq!(filter(&entry("513", &ALICE)).unwrap(), expected);
    }

    #[test]
    fn what_is_no_user_of_active_directory_is_an_error_that_says_so() {
        let short = ALICE.get(..24).unwrap();
        for (entry, what) in [
            (Entry::new("cn=Alice"), "no readable `primaryGroupID`"),
            (entry("many", &ALICE), "no number"),
            (entry("-1", &ALICE), "no number"),
            (entry("513", short), "`objectSid` that is none"),
            (entry("513", &[]), "`objectSid` that is none"),
            (entry("513", &[1, 0, 0, 0, 0, 0, 0, 5]), "`objectSid` that is none"),
            (entry("513", &[2, 0]), "`objectSid` that is none"),
        ] {
            let error = filter(&entry).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains("cn=Alice"), "{error}");
        }
        let mut without = entry("513", &ALICE);
        without.take(SID);
        assert!(filter(&without).unwrap_err().to_string().contains("no readable `objectSid`"));
    }
}
