//! What directories write beside a result code.

use dockgate_api::ReasonCode;

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The account may not log in.
    Refused(ReasonCode, &'static str),
    /// The server could not find out.
    Unavailable(&'static str),
}

impl Meaning {
    pub(super) fn refusal(self) -> Option<(ReasonCode, &'static str)> {
        match self {
            Self::Refused(code, what) => Some((code, what)),
            Self::Unavailable(_) => None,
        }
    }
}

const WRONG_PASSWORD: Meaning = Meaning::Refused(ReasonCode::BadCredentials, "the password is wrong");
const NO_SUCH_USER: Meaning = Meaning::Refused(ReasonCode::BadCredentials, "there is no such user");
const HOURS: Meaning = Meaning::Refused(ReasonCode::Forbidden, "the account may not log in at this hour");
const WORKSTATION: Meaning = Meaning::Refused(ReasonCode::Forbidden, "the account may not log in from here");
const RESTRICTED: Meaning = Meaning::Refused(ReasonCode::Forbidden, "the account may not log in this way");
const PASSWORD_EXPIRED: Meaning = Meaning::Refused(ReasonCode::Expired, "the password has expired");
const ACCOUNT_EXPIRED: Meaning = Meaning::Refused(ReasonCode::Expired, "the account has expired");
const MUST_CHANGE: Meaning = Meaning::Refused(ReasonCode::Expired, "the password must be changed first");
const DISABLED: Meaning = Meaning::Refused(ReasonCode::Disabled, "the account is disabled");
const LOCKED: Meaning = Meaning::Refused(ReasonCode::Locked, "the account is locked");
const NO_CONTROLLER: Meaning =
    Meaning::Unavailable("the server reaches no domain controller that knows the password");
/// Samba gives result code 49 for these too.
const OUT_OF_ORDER: Meaning = Meaning::Unavailable("the server could not look at the password");

/// Windows error codes behind `data ` and Samba's names of the same (MS-ERREF sections 2.2 and 2.3). One that is not
/// here is a wrong password: result code 49 says so by itself.
const WINDOWS: [(u32, &[&str], Meaning); 24] = [
    (0x52e, &["LOGON_FAILURE", "WRONG_PASSWORD"], WRONG_PASSWORD),
    (0x525, &["NO_SUCH_USER"], NO_SUCH_USER),
    (0x52f, &["ACCOUNT_RESTRICTION"], RESTRICTED),
    (0x530, &["INVALID_LOGON_HOURS"], HOURS),
    (0x531, &["INVALID_WORKSTATION"], WORKSTATION),
    (0x532, &["PASSWORD_EXPIRED"], PASSWORD_EXPIRED),
    (0x533, &["ACCOUNT_DISABLED"], DISABLED),
    (0x564, &["LOGON_NOT_GRANTED"], RESTRICTED),
    (0x569, &["LOGON_TYPE_NOT_GRANTED"], RESTRICTED),
    (0x701, &["ACCOUNT_EXPIRED"], ACCOUNT_EXPIRED),
    (0x773, &["PASSWORD_MUST_CHANGE"], MUST_CHANGE),
    (0x775, &["ACCOUNT_LOCKED_OUT"], LOCKED),
    (0x51f, &["NO_LOGON_SERVERS"], NO_CONTROLLER),
    (0x6fb, &["NO_TRUST_SAM_ACCOUNT"], NO_CONTROLLER),
    (0x6fc, &["TRUSTED_DOMAIN_FAILURE"], NO_CONTROLLER),
    (0x6fd, &["TRUSTED_RELATIONSHIP_FAILURE"], NO_CONTROLLER),
    (0x700, &["NETLOGON_NOT_STARTED"], NO_CONTROLLER),
    (0x8, &["NO_MEMORY"], OUT_OF_ORDER),
    (0x79, &["IO_TIMEOUT"], OUT_OF_ORDER),
    (0x54e, &["INTERNAL_DB_CORRUPTION"], OUT_OF_ORDER),
    (0x54f, &["INTERNAL_ERROR"], OUT_OF_ORDER),
    (0x567, &["INTERNAL_DB_ERROR"], OUT_OF_ORDER),
    (0x5aa, &["INSUFFICIENT_RESOURCES"], OUT_OF_ORDER),
    (0x6ba, &["RPC_SERVER_UNAVAILABLE"], OUT_OF_ORDER),
];

/// The texts of Active Directory (`…, comment: AcceptSecurityContext error, data 52e, v4563`) and Samba
/// (`…: NT_STATUS_LOGON_FAILURE`).
pub(super) fn of_windows(text: &str) -> Option<Meaning> {
    let code = text.split_once(", data ").and_then(|(_, rest)| {
        let digits = rest.find(|c: char| !c.is_ascii_hexdigit()).map_or(rest, |end| rest.split_at(end).0);
        u32::from_str_radix(digits, 16).ok()
    });
    let name = text.split_once("NT_STATUS_").map(|(_, rest)| {
        let end = rest.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap_or(rest.len());
        rest.split_at(end).0
    });
    let known = WINDOWS
        .iter()
        .find(|(known, names, _)| code == Some(*known) || name.is_some_and(|name| names.contains(&name)));
    known.map(|(.., meaning)| *meaning)
}

/// The texts of others, by words: 389 Directory Server (`Account inactivated. Contact system administrator.`, `Exceed password
/// retry limit. Please try later.`), FreeIPA (`Entry permanently locked.`, `Too many failed logins.`,
/// `Account (Kerberos principal) is expired`), eDirectory (`NDS error: log account expired (-220)`).
pub(super) fn of_others(text: &str) -> Option<Meaning> {
    let text = text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["(-220)", "inactivated", "disabled", "deactivated"]) {
        Some(DISABLED)
    } else if has(&["(-197)", "locked", "lockout", "retry limit", "too many failed"]) {
        Some(LOCKED)
    } else if has(&["(-218)"]) {
        Some(HOURS)
    } else if has(&["must be changed", "must change", "must be reset"]) {
        Some(MUST_CHANGE)
    } else if has(&["(-222)"]) || has(&["expired"]) && has(&["password"]) {
        Some(PASSWORD_EXPIRED)
    } else if has(&["expired"]) {
        Some(ACCOUNT_EXPIRED)
    } else {
        None
    }
}
