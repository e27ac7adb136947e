use proptest::prelude::*;

use super::*;
use crate::wire::PASSWORD_POLICY;

fn answer(code: u32, text: &str, controls: &[(&str, &[u8])]) -> BindAnswer {
    let controls = controls.iter().map(|(oid, value)| ((*oid).to_owned(), Some(value.to_vec()))).collect();
    BindAnswer { code, text: text.to_owned(), controls }
}

/// `ok`, `ok: note`, the code of the refusal, or the kind of the error.
fn short(judged: &Judged) -> String {
    match judged {
        Judged::Accepted { note: None } => "ok".to_owned(),
        Judged::Accepted { note: Some(note) } => format!("ok: {note}"),
        Judged::Refused(reason) => reason.code.to_string(),
        Judged::Unusable(error) => error.kind().to_owned(),
    }
}

#[test]
fn every_result_code() {
    for (codes, expected) in [
        (&[0][..], "ok"),
        (&[32, 34, 48, 49], "bad_credentials"),
        (&[19, 50], "forbidden"),
        (&[3], "timeout"),
        (&[11, 51, 52], "unavailable"),
        (
            &[
                1,
                2,
                4,
                5,
                6,
                7,
                8,
                9,
                10,
                12,
                13,
                14,
                15,
                16,
                17,
                18,
                20,
                21,
                33,
                35,
                36,
                53,
                54,
                64,
                65,
                66,
                67,
                68,
                69,
                71,
                80,
                81,
                85,
                91,
                118,
                123,
                4096,
                u32::MAX,
            ],
            "protocol",
        ),
    ] {
        for code in codes {
            assert_eq!(short(&judge(&answer(*code, "", &[]))), expected, "{code}");
        }
    }
    for code in [8, 13] {
        let Judged::Unusable(error) = judge(&answer(code, "confidentiality required", &[])) else {
            panic!("{code}")
        };
        assert!(error.to_string().contains("tls: starttls"), "{error}");
    }
}

#[test]
fn texts_of_active_directory_and_samba() {
    for (text, expected, what) in [
        ("52e", "bad_credentials", "password is wrong"),
        ("525", "bad_credentials", "no such user"),
        ("530", "forbidden", "hour"),
        ("531", "forbidden", "from here"),
        ("532", "expired", "password has expired"),
        ("533", "disabled", "disabled"),
        ("701", "expired", "account has expired"),
        ("773", "expired", "must be changed"),
        ("775", "locked", "locked"),
        ("569", "forbidden", "this way"),
        ("564", "forbidden", "this way"),
        ("54b", "bad_credentials", ""),
        ("57", "bad_credentials", ""),
        ("5330", "bad_credentials", ""),
        ("", "bad_credentials", ""),
        ("ffffffffff", "bad_credentials", ""),
        ("51f", "unavailable", "domain controller"),
        ("6fd", "unavailable", "domain controller"),
        ("54e", "unavailable", "could not look"),
        ("54f", "unavailable", "could not look"),
        ("5aa", "unavailable", "could not look"),
        ("8", "unavailable", "could not look"),
    ] {
        for (before, after) in [
            ("80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data ", ", v4563\0"),
            ("80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data ", ", v1db1"),
        ] {
            let judged = judge(&answer(49, &format!("{before}{text}{after}"), &[]));
            assert_eq!(short(&judged), expected, "{text}");
            let shown = format!("{judged:?}");
            assert!(shown.contains(what) && shown.contains("DSID") && !shown.contains("\\0"), "{shown}");
        }
    }
    for (name, expected) in [
        ("LOGON_FAILURE", "bad_credentials"),
        ("WRONG_PASSWORD", "bad_credentials"),
        ("NO_SUCH_USER", "bad_credentials"),
        ("ACCOUNT_DISABLED", "disabled"),
        ("ACCOUNT_LOCKED_OUT", "locked"),
        ("PASSWORD_EXPIRED", "expired"),
        ("PASSWORD_MUST_CHANGE", "expired"),
        ("ACCOUNT_EXPIRED", "expired"),
        ("INVALID_LOGON_HOURS", "forbidden"),
        ("NO_LOGON_SERVERS", "unavailable"),
        ("INTERNAL_DB_CORRUPTION", "unavailable"),
        ("NO_MEMORY", "unavailable"),
        ("IO_TIMEOUT", "unavailable"),
    ] {
        assert_eq!(
            short(&judge(&answer(49, &format!("Simple Bind Failed: NT_STATUS_{name}"), &[]))),
            expected,
            "{name}"
        );
    }
}

#[test]
fn texts_of_others() {
    for (code, text, expected) in [
        (49, "Invalid credentials", "bad_credentials"),
        (49, "password expired!", "expired"),
        (49, "NDS error: failed authentication (-669)", "bad_credentials"),
        (49, "NDS error: log account expired (-220)", "disabled"),
        (49, "NDS error: password expired (-222)", "expired"),
        (53, "NDS error: login lockout (-197)", "locked"),
        (53, "NDS error: bad login time (-218)", "forbidden"),
        (19, "Exceed password retry limit. Contact system administrator to reset.", "locked"),
        (19, "Exceed password retry limit. Please try later.", "locked"),
        (53, "Account inactivated. Contact system administrator.", "disabled"),
        (53, "Entry permanently locked.\n", "locked"),
        (53, "Too many failed logins.\n", "locked"),
        (53, "Account (Kerberos principal) is expired", "expired"),
        (53, "unauthenticated bind (DN with no password) disallowed", "protocol"),
        (53, "server shutting down", "protocol"),
        (51, "the account is locked", "unavailable"),
        (0, "the account is locked", "ok"),
    ] {
        assert_eq!(short(&judge(&answer(code, text, &[]))), expected, "{code} {text}");
    }
}

#[test]
fn controls_of_the_password_policy() {
    let control = |code, value: &[u8]| short(&judge(&answer(code, "", &[(PASSWORD_POLICY, value)])));
    for (value, success, refusal) in [
        (&b""[..], "ok", "bad_credentials"),
        (b"\x30\x00", "ok", "bad_credentials"),
        (b"\x30\x03\x81\x01\x00", "expired", "expired"),
        // As 389 Directory Server writes them.
        (b"\x30\x84\0\0\0\x03\x81\x01\x00", "expired", "expired"),
        (b"\x30\x84\0\0\0\x0e\xa0\x84\0\0\0\x05\x80\x03\x01\x51\x80\x81\x01\x02", "expired", "expired"),
        (
            b"\x30\x84\0\0\0\x0b\xa0\x84\0\0\0\x05\x80\x03\x01\x51\x80",
            "ok: the password expires in 86400 seconds",
            "bad_credentials",
        ),
        (b"\x30\x03\x81\x01\x01", "locked", "locked"),
        (b"\x30\x03\x81\x01\x02", "expired", "expired"),
        (b"\x30\x03\x81\x01\x03", "ok", "bad_credentials"),
        (b"\x30\x03\x81\x01\x08", "ok", "bad_credentials"),
        (b"\x30\x81\x03\x81\x01\x01", "locked", "locked"),
        (b"\x30\x82\x00\x03\x81\x01\x01", "locked", "locked"),
        (b"\x30\x84\x00\x00\x00\x03\x81\x01\x01", "locked", "locked"),
        (
            b"\x30\x05\xa0\x03\x81\x01\x02",
            "ok: the password has expired; it can be used 2 more times",
            "bad_credentials",
        ),
        (b"\x30\x06\xa0\x04\x80\x02\x0e\x10", "ok: the password expires in 3600 seconds", "bad_credentials"),
        (
            b"\x30\x07\xa0\x05\x80\x03\x00\xff\xff",
            "ok: the password expires in 65535 seconds",
            "bad_credentials",
        ),
        (b"\x30\x08\xa0\x03\x80\x01\x0a\x81\x01\x02", "expired", "expired"),
    ] {
        assert_eq!(control(0, value), success, "{value:02x?}");
        assert_eq!(control(49, value), refusal, "{value:02x?}");
    }
    for malformed in [
        &b"\x30"[..],
        b"\x30\x01",
        b"\x31\x00",
        b"\x30\x00\x00",
        b"\x30\x03\x81\x01",
        b"\x30\x02\x81\x00",
        b"\x30\x03\x81\x01\xff",
        b"\x30\x03\x82\x01\x01",
        b"\x30\x04\x81\x01\x01\x00",
        b"\x30\x02\xa0\x00",
        b"\x30\x05\xa0\x03\x82\x01\x01",
        b"\x30\x06\xa0\x04\x80\x01\x01\x00",
        b"\x30\x07\x81\x05\x01\x01\x01\x01\x01",
        b"\x30\x85\x00\x00\x00\x00\x03\x81\x01\x01",
        b"\x30\x84\x00\x00\x00\x04\x81\x01\x01",
        b"\x30\x80\x81\x01\x01\x00\x00",
    ] {
        assert_eq!(control(0, malformed), "protocol", "{malformed:02x?}");
        assert_eq!(control(49, malformed), "bad_credentials", "{malformed:02x?}");
    }
    let absent = BindAnswer { controls: vec![(PASSWORD_POLICY.to_owned(), None)], ..answer(0, "", &[]) };
    assert_eq!(short(&judge(&absent)), "ok");
}

/// 389 Directory Server says both of whom an administrator has deactivated.
#[test]
fn a_text_tells_deactivated_from_locked() {
    let locked = (PASSWORD_POLICY, &b"\x30\x84\0\0\0\x03\x81\x01\x01"[..]);
    for (code, text, expected) in [
        (53, "Account inactivated. Contact system administrator.", "disabled"),
        (53, "", "locked"),
        (19, "Exceed password retry limit. Please try later.", "locked"),
    ] {
        assert_eq!(short(&judge(&answer(code, text, &[locked]))), expected, "{code} {text}");
    }
}

#[test]
fn controls_of_netscape() {
    const EXPIRED: &str = "2.16.840.1.113730.3.4.4";
    const EXPIRING: &str = "2.16.840.1.113730.3.4.5";
    for (code, oid, value, expected) in [
        (0, EXPIRED, &b"0"[..], "expired"),
        (49, EXPIRED, b"0", "expired"),
        (0, EXPIRING, b"86400", "ok: the password expires in 86400 seconds"),
        (0, EXPIRING, b"soon", "ok"),
        (49, EXPIRING, b"86400", "bad_credentials"),
        (0, "1.2.3", b"\xff", "ok"),
    ] {
        assert_eq!(short(&judge(&answer(code, "", &[(oid, value)]))), expected, "{code} {oid}");
    }
    let both: [(&str, &[u8]); 2] = [(PASSWORD_POLICY, b"\x30\x00"), (EXPIRED, b"0")];
    assert_eq!(short(&judge(&answer(0, "", &both))), "expired");
}

#[test]
fn what_is_shown_is_clean_and_short() {
    let text = format!("a\r\nb\u{202e}{}", "x".repeat(1000));
    let Judged::Refused(reason) = judge(&answer(49, &text, &[])) else { panic!() };
    assert!(reason.detail.starts_with("invalidCredentials (49): a  b x"), "{}", reason.detail);
    assert_eq!(reason.detail.chars().count(), "invalidCredentials (49): ".len() + 256);
}

proptest! {
    #[test]
    fn any_answer_is_judged(code in 0..100_u32, text in any::<String>(), value in any::<Vec<u8>>(), length in 0..32_u8) {
        let framed = [&[0x30, length][..], &value].concat();
        for value in [&value, &framed] {
            let judged = judge(&answer(code, &text, &[(PASSWORD_POLICY, value)]));
            let is_accepted = matches!(judged, Judged::Accepted { .. });
            prop_assert!(code == 0 || !is_accepted);
        }
    }
}
