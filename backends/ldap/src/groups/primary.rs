//! The primary group of Active Directory, which neither `memberOf` nor `member` names (MS-ADTS section 3.1.1.1.6).

use dockgate_api::BackendError;

use crate::entry::Entry;
use crate::subject::primary_group_filter;

pub(super) const PRIMARY_GROUP: &str = "primaryGroupID";
pub(super) const SID: &str = "objectSid";

/// The filter that finds the primary group of a user.
///
/// # Errors
/// If the entry does not say which: it is no user of Active Directory, or the service account may not read it.
pub(super) fn filter(user: &Entry) -> Result<String, BackendError> {
    let unusable =
        |what: String| BackendError::Protocol(format!("{} {what}, which `groups.primary` needs", user.dn));
    let number = user.text(PRIMARY_GROUP);
    let number = number.ok_or_else(|| unusable(format!("has no readable `{PRIMARY_GROUP}`")))?;
    let sid = user.values(SID).first().ok_or_else(|| unusable(format!("has no readable `{SID}`")))?;
    primary_group_filter(sid, number)
        .ok_or_else(|| unusable(format!("has values of `{PRIMARY_GROUP}` and `{SID}` that name no group")))
}
