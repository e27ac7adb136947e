use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// 2026-01-01T00:00:00Z.
const NOW: i64 = 1_767_225_600;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs())
}

/// As a directory answers that was asked for [`ATTRIBUTES`].
fn entry(values: &[(&str, &str)]) -> Entry {
    let mut entry = Entry::new("uid=alice,dc=x");
    let is_asked = |attribute: &str| ATTRIBUTES.iter().any(|asked| asked.eq_ignore_ascii_case(attribute));
    for (attribute, value) in values.iter().filter(|(attribute, _)| is_asked(attribute)) {
        entry.add(attribute, [value.as_bytes().to_vec()]);
    }
    entry
}

fn filetime(seconds: i64) -> String {
    ((seconds + FROM_1601_TO_1970) * 10_000_000).to_string()
}

#[test]
fn standings() {
    let (past, future) = (filetime(NOW), filetime(NOW + 1));
    let (past, future) = (past.as_str(), future.as_str());
    for (values, expected) in [
        (&[][..], None),
        (&[("userAccountControl", "512"), ("pwdLastSet", past), ("accountExpires", future)], None),
        (&[("userAccountControl", "514")], Some("disabled: the account is disabled (userAccountControl)")),
        (&[("userAccountControl", "528")], None),
        (
            &[("userAccountControl", "8389120")],
            Some("expired: the password has expired (userAccountControl)"),
        ),
        (&[("userAccountControl", "nonsense")], None),
        (
            &[("msDS-User-Account-Control-Computed", "8388608")],
            Some("expired: the password has expired (userAccountControl)"),
        ),
        (&[("msDS-User-Account-Control-Computed", "16")], None),
        (&[("accountExpires", past)], Some("expired: the account has expired (accountExpires)")),
        (&[("accountExpires", "0")], None),
        (&[("accountExpires", "9223372036854775807")], None),
        (&[("accountExpires", "9223372036854775808")], None),
        (
            &[("accountExpires", "-9223372036854775808")],
            Some("expired: the account has expired (accountExpires)"),
        ),
        (&[("pwdLastSet", "0")], Some("expired: the password must be changed (pwdLastSet)")),
        (
            &[("pwdLastSet", "0"), ("userAccountControl", "512")],
            Some("expired: the password must be changed (pwdLastSet)"),
        ),
        (&[("pwdLastSet", "0"), ("userAccountControl", "66048")], None),
        (&[("pwdLastSet", "0"), ("userAccountControl", "262656")], None),
        (&[("pwdLastSet", "-1")], None),
        (
            &[("pwdAccountLockedTime", "000001010000Z")],
            Some("disabled: the account is disabled (pwdAccountLockedTime)"),
        ),
        (&[("pwdAccountLockedTime", "20251231235959Z")], None),
        (&[("pwdReset", "TRUE")], Some("expired: the password must be changed (pwdReset)")),
        (&[("pwdReset", "FALSE")], None),
        (&[("pwdEndTime", "20260101000000Z")], Some("expired: the account has expired (pwdEndTime)")),
        (&[("pwdEndTime", "20260101000001Z")], None),
        (&[("pwdStartTime", "20260101000000Z")], None),
        (
            &[("pwdStartTime", "20260101000001Z")],
            Some("expired: the account is not valid yet (pwdStartTime)"),
        ),
        (&[("nsAccountLock", "true")], Some("disabled: the account is disabled (nsAccountLock)")),
        (&[("nsAccountLock", "FALSE")], None),
        (
            &[("krbPrincipalExpiration", "20251231235959Z")],
            Some("expired: the account has expired (krbPrincipalExpiration)"),
        ),
        (&[("krbPrincipalExpiration", "20380101000000Z")], None),
        (&[("krbPrincipalExpiration", "never")], None),
        (
            &[("nsRoleDN", "CN=nsManagedDisabledRole,dc=x")],
            Some("disabled: the account is disabled (nsRoleDN)"),
        ),
        (
            &[("nsRole", "cn=a,dc=x"), ("nsRole", "cn=nsdisabledrole,dc=x")],
            Some("disabled: the account is disabled (nsRole)"),
        ),
        (&[("nsRoleDN", "cn=a,ou=nsManagedDisabledRole")], None),
        (&[("shadowExpire", "20454")], Some("expired: the account has expired (shadowExpire)")),
        (&[("shadowExpire", "20455")], None),
        (&[("shadowExpire", "-1")], None),
        (&[("shadowExpire", "0")], None),
        (
            &[("ds-pwp-account-expiration-time", "20251231235959Z")],
            Some("expired: the account has expired (ds-pwp-account-expiration-time)"),
        ),
        (&[("loginDisabled", "TRUE")], Some("disabled: the account is disabled (loginDisabled)")),
        (&[("loginExpirationTime", "20251231Z")], None),
        (
            &[("loginExpirationTime", "2025123100Z")],
            Some("expired: the account has expired (loginExpirationTime)"),
        ),
        (
            &[("ds-pwp-account-disabled", "true")],
            Some("disabled: the account is disabled (ds-pwp-account-disabled)"),
        ),
    ] {
        assert_eq!(
            standing(&entry(values), now()).map(|reason| reason.to_string()).as_deref(),
            expected,
            "{values:?}"
        );
    }
}

#[test]
fn shadow_days_are_those_of_the_clock() {
    assert_eq!(NOW / 86_400, 20_454);
}

#[test]
fn epochs() {
    assert_eq!(epoch(&entry(&[("uid", "alice")])), None);
    for attribute in [
        "pwdLastSet",
        "pwdChangedTime",
        "krbLastPwdChange",
        "passwordChangedTime",
        "sambaPwdLastSet",
        "shadowLastChange",
    ] {
        assert_eq!(epoch(&entry(&[(attribute, "133")])), Some(format!("{attribute}=133")));
    }
    let one = entry(&[
        ("shadowLastChange", "1"),
        ("PWDCHANGEDTIME", "20260101000000Z"),
        ("pwdLastSet", "2"),
        ("pwdLastSet", "1"),
    ]);
    assert_eq!(
        epoch(&one).as_deref(),
        Some("pwdLastSet=1,2;pwdChangedTime=20260101000000Z;shadowLastChange=1")
    );
}

#[test]
fn times() {
    for (text, seconds) in [
        ("19700101000000Z", Some(0)),
        ("19691231235959Z", Some(-1)),
        ("20260101000000Z", Some(NOW)),
        ("202601010000Z", Some(NOW)),
        ("2026010100Z", Some(NOW)),
        ("20260101010000+0100", Some(NOW)),
        ("20251231190000-05", Some(NOW)),
        ("20260101053000+0530", Some(NOW)),
        ("20260101000000.9Z", Some(NOW)),
        ("20260101000000,123456789Z", Some(NOW)),
        ("202601010000.5Z", Some(NOW + 30)),
        ("2026010100.25Z", Some(NOW + 900)),
        ("2026010100.000277778Z", Some(NOW)),
        ("20240229120000Z", Some(1_709_208_000)),
        ("20000229000000Z", Some(951_782_400)),
        ("20161231235960Z", Some(1_483_228_800)),
        ("000001010000Z", Some(-62_167_219_200)),
        ("99991231235959Z", Some(253_402_300_799)),
        ("", None),
        ("Z", None),
        ("20260101Z", None),
        ("20260101000000", None),
        ("20260101000000z", None),
        ("20260101000000.Z", None),
        ("20260101000000Z0", None),
        ("2026010100000Z", None),
        ("20230229000000Z", None),
        ("21000229000000Z", None),
        ("20260001000000Z", None),
        ("20261301000000Z", None),
        ("20260100000000Z", None),
        ("20260431000000Z", None),
        ("20260101240000Z", None),
        ("20260101006000Z", None),
        ("20260101000061Z", None),
        ("20260101000000+", None),
        ("20260101000000+2400", None),
        ("20260101000000+0060", None),
        ("20260101000000+010", None),
        ("2026-01-01T00:00:00Z", None),
        ("٢٠٢٦0101000000Z", None),
    ] {
        assert_eq!(generalized_time(text), seconds, "{text}");
    }
}

proptest! {
    #[test]
    fn any_time_is_read_or_refused(text in any::<String>(), digits in "[0-9]{8,16}([.,][0-9]{0,30})?[Z+-]?[0-9]{0,5}") {
        let _ = (generalized_time(&text), generalized_time(&digits));
    }

    #[test]
    fn days_follow_each_other(day in 0..3_000_000_i64) {
        // Counted the other way: from the number of days to the date.
        let (mut year, mut left) = (1970, day % 200_000);
        let length = |year: i64| if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 };
        while left >= length(year) {
            left -= length(year);
            year += 1;
        }
        let mut month = 1;
        loop {
            let days = match month { 2 => length(year) - 337, 4 | 6 | 9 | 11 => 30, _ => 31 };
            if left < days {
                break;
            }
            left -= days;
            month += 1;
        }
        let text = format!("{year:04}{month:02}{:02}000000Z", left + 1);
        prop_assert_eq!(generalized_time(&text), Some((day % 200_000) * 86_400));
    }

    #[test]
    fn any_entry_has_a_standing(value in any::<String>(), number in any::<i64>(), seconds in any::<u32>()) {
        for value in [value, number.to_string()] {
            let all: Vec<_> = ATTRIBUTES.iter().map(|attribute| (*attribute, value.as_str())).collect();
            for at in [UNIX_EPOCH + Duration::from_secs(seconds.into()), UNIX_EPOCH - Duration::from_secs(seconds.into())] {
                for one in &all {
                    let _ = standing(&entry(&[*one]), at);
                }
                let _ = (standing(&entry(&all), at), epoch(&entry(&all)));
            }
        }
    }
}
