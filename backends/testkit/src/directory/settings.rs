//! What a directory is like.

use super::answer::Answer;

/// What somebody may do who has not shown who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anonymous {
    /// Search, as `slapd` lets them where nothing is said.
    Search,
    /// Bind, but only look at the root (RFC 4512 section 5.1), as with Active Directory.
    #[default]
    Bind,
    /// Not even bind: result code 48.
    Refused,
}

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) anonymous: Anonymous,
    pub(super) unauthenticated: Answer,
    pub(super) wrong: Answer,
    /// Refuses passwords without TLS.
    pub(super) confidential: Option<Answer>,
    pub(super) operational: Vec<String>,
    pub(super) computed_member_of: bool,
    pub(super) in_chain: bool,
    pub(super) paging: bool,
    pub(super) most_results: usize,
    pub(super) most_values: usize,
    pub(super) elsewhere: Vec<String>,
    pub(super) root: Vec<(String, Vec<Vec<u8>>)>,
}

impl Default for Settings {
    fn default() -> Self {
        let operational = [
            "entryUUID",
            "entryDN",
            "createTimestamp",
            "modifyTimestamp",
            "pwdChangedTime",
            "pwdAccountLockedTime",
            "pwdReset",
            "nsUniqueId",
            "nsAccountLock",
        ];
        Self {
            anonymous: Anonymous::default(),
            unauthenticated: Answer::success(),
            wrong: Answer::code(49),
            confidential: None,
            operational: operational.map(str::to_owned).to_vec(),
            computed_member_of: false,
            in_chain: true,
            paging: true,
            most_results: usize::MAX,
            most_values: usize::MAX,
            elsewhere: Vec::new(),
            root: Vec::new(),
        }
    }
}

impl Settings {
    pub(super) fn is_operational(&self, name: &str) -> bool {
        self.operational.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}
