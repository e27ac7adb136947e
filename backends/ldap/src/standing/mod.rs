//! What an entry says of its account: disabled, locked, expired, and when its password changed.

mod generalized_time;
#[cfg(test)]
mod tests;

use std::time::{SystemTime, UNIX_EPOCH};

use dockgate_api::{Reason, ReasonCode};

use crate::dn::Dn;
use crate::entry::Entry;
pub(crate) use generalized_time::generalized_time;

/// The attributes that [`standing`] and [`epoch`] look at. Most are operational: they come only to whoever names them.
pub(crate) const ATTRIBUTES: [&str; 23] = [
    "accountExpires",
    "ds-pwp-account-disabled",
    "ds-pwp-account-expiration-time",
    "krbLastPwdChange",
    "krbPrincipalExpiration",
    "loginDisabled",
    "loginExpirationTime",
    "msDS-User-Account-Control-Computed",
    "nsAccountLock",
    "nsRole",
    "nsRoleDN",
    "passwordChangedTime",
    "pwdAccountLockedTime",
    "pwdChangedTime",
    "pwdEndTime",
    "pwdLastSet",
    "pwdReset",
    "pwdStartTime",
    "pwdUpdateTime",
    "sambaPwdLastSet",
    "shadowExpire",
    "shadowLastChange",
    "userAccountControl",
];

/// Seconds from 1601, where Windows begins to count, to 1970.
const FROM_1601_TO_1970: i64 = 11_644_473_600;

/// Flags of `userAccountControl` (MS-ADTS section 2.2.16).
const DISABLED: i64 = 0x2;
const PASSWORD_EXPIRED: i64 = 0x0080_0000;
/// For these no password must be changed (MS-ADTS, `msDS-UserPasswordExpiryTimeComputed`): it never expires, a smart card is needed, or it is a
/// machine's or another domain's.
const PASSWORD_STAYS: i64 = 0x0001_0000 | 0x0004_0000 | 0x2000 | 0x1000 | 0x0800;

/// Why an account that was let in may not be let in any more; none if nothing speaks against it.
///
/// A lock that wrong passwords bring about is no reason: anybody can bring it about, and it would end what its owner rightly
/// holds. What cannot be read is no reason either: a directory checks the syntax of what it keeps.
pub(crate) fn standing(entry: &Entry, now: SystemTime) -> Option<Reason> {
    let now = seconds(now);
    of_active_directory(entry, now).or_else(|| of_others(entry, now))
}

fn of_active_directory(entry: &Entry, now: i64) -> Option<Reason> {
    let control = number(entry, "userAccountControl").unwrap_or(0);
    let computed = number(entry, "msDS-User-Account-Control-Computed").unwrap_or(0);
    let expires = number(entry, "accountExpires").filter(|time| !matches!(*time, 0 | i64::MAX));
    if control & DISABLED != 0 {
        disabled("userAccountControl")
    } else if expires.is_some_and(|time| time / 10_000_000 - FROM_1601_TO_1970 <= now) {
        expired("the account has expired (accountExpires)")
    } else if number(entry, "pwdLastSet") == Some(0) && control & PASSWORD_STAYS == 0 {
        expired("the password must be changed (pwdLastSet)")
    } else if (control | computed) & PASSWORD_EXPIRED != 0 {
        expired("the password has expired (userAccountControl)")
    } else {
        None
    }
}

fn of_others(entry: &Entry, now: i64) -> Option<Reason> {
    let for_ever = "pwdAccountLockedTime";
    if let Some(attribute) = ["nsAccountLock", "loginDisabled", "ds-pwp-account-disabled"]
        .into_iter()
        .find(|name| is_true(entry, name))
    {
        return disabled(attribute);
    }
    if entry.texts(for_ever).any(|time| time == "000001010000Z") {
        return disabled(for_ever);
    }
    if let Some(attribute) = ["nsRoleDN", "nsRole"].into_iter().find(|name| has_disabled_role(entry, name)) {
        return disabled(attribute);
    }
    if let Some(attribute) =
        ["krbPrincipalExpiration", "pwdEndTime", "loginExpirationTime", "ds-pwp-account-expiration-time"]
            .into_iter()
            .find(|name| time(entry, name).is_some_and(|end| end <= now))
    {
        return expired(&format!("the account has expired ({attribute})"));
    }
    if time(entry, "pwdStartTime").is_some_and(|start| start > now) {
        return expired("the account is not valid yet (pwdStartTime)");
    }
    let day = number(entry, "shadowExpire").filter(|day| *day > 0);
    if day.is_some_and(|day| day <= now.div_euclid(86_400)) {
        return expired("the account has expired (shadowExpire)");
    }
    if is_true(entry, "pwdReset") {
        return expired("the password must be changed (pwdReset)");
    }
    None
}

/// What changes whenever the password does: the times of its last change that the entry tells, in a fixed order. None if it
/// tells none, or the service account may not read them.
pub(crate) fn epoch(entry: &Entry) -> Option<String> {
    const CHANGED: [&str; 7] = [
        "pwdLastSet",
        "pwdChangedTime",
        "krbLastPwdChange",
        "passwordChangedTime",
        "sambaPwdLastSet",
        "shadowLastChange",
        // 389 Directory Server, with `passwordTrackUpdateTime`.
        "pwdUpdateTime",
    ];
    let told = CHANGED.into_iter().filter_map(|attribute| {
        let mut times: Vec<_> = entry.texts(attribute).collect();
        times.sort_unstable();
        (!times.is_empty()).then(|| format!("{attribute}={}", times.join(",")))
    });
    let told: Vec<_> = told.collect();
    (!told.is_empty()).then(|| told.join(";"))
}

fn disabled(attribute: &str) -> Option<Reason> {
    Some(Reason::new(ReasonCode::Disabled, format!("the account is disabled ({attribute})")))
}

fn expired(detail: &str) -> Option<Reason> {
    Some(Reason::new(ReasonCode::Expired, detail))
}

fn number(entry: &Entry, attribute: &str) -> Option<i64> {
    entry.text(attribute)?.trim().parse().ok()
}

fn is_true(entry: &Entry, attribute: &str) -> bool {
    entry.texts(attribute).any(|text| text.trim().eq_ignore_ascii_case("TRUE"))
}

fn time(entry: &Entry, attribute: &str) -> Option<i64> {
    generalized_time(entry.text(attribute)?)
}

/// The roles into which older consoles of 389 Directory Server put inactive accounts.
fn has_disabled_role(entry: &Entry, attribute: &str) -> bool {
    let is_disabled = |role: &str| {
        let dn = Dn::parse(role).ok();
        let name = dn.as_ref().and_then(Dn::common_name).unwrap_or_default();
        ["nsManagedDisabledRole", "nsDisabledRole"].iter().any(|role| role.eq_ignore_ascii_case(name))
    };
    entry.texts(attribute).any(is_disabled)
}

/// Seconds since 1970, rounded down.
fn seconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    }
}
