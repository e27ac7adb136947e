//! What a refusal of Active Directory comes to: a reason for the administrator, nothing for the client.

use serde_json::json;

use super::authority::Authority;
use super::backend::{Gate, LdapTest, link, with};
use super::samba::Samba;
use super::samba_link::section;

#[test]
fn each_refusal_has_its_reason() {
    let Some(samba) = Samba::start(&Authority::new()) else { return };
    let gate = Gate::start(&[link(&section(&samba))]);
    let mut bodies = Vec::new();
    for (account, password, reason, data) in [
        ("alice", "wrong", "bad_credentials", "data 52e"),
        ("disabled", "disabled-pass", "disabled", "data 533"),
        ("locked", "locked-pass", "locked", "data 775"),
        ("must-change", "must-change-pass", "expired", "data 773"),
        ("ended", "ended-pass", "expired", "data 701"),
        ("expired", "expired-pass", "expired", "data 532"),
        ("never", "never-pass", "forbidden", "data 530"),
        ("disabled", "wrong", "bad_credentials", "data 52e"),
    ] {
        let (answer, line) = gate.audited(account, password);
        assert_eq!(answer.status, 401, "{account}: {line}");
        assert_eq!(
            (&line["reason"], &line["backend"]),
            (&json!(reason), &json!("ldap_auth")),
            "{account}: {line}"
        );
        assert!(line["detail"].as_str().unwrap().contains(data), "{account}: {line}");
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "the client is told which it is: {bodies:?}");
    // Five wrong ones lock, and the right one opens nothing then.
    for _ in 0..5 {
        assert_eq!(gate.audited("bob", "wrong").0.status, 401);
    }
    let (answer, line) = gate.audited("bob", "bob-pass");
    assert_eq!((answer.status, &line["reason"]), (401, &json!("locked")), "{line}");
    assert!(!gate.log().contains("-pass"), "{}", gate.log());

    // What the entry says without a password. A lock and the hours of a week are the controller's to know.
    let test = LdapTest::of(&section(&samba));
    for (account, told) in [
        ("disabled", "disabled: the account is disabled (userAccountControl)"),
        ("must-change", "expired: the password must be changed (pwdLastSet)"),
        ("ended", "expired: the account has expired (accountExpires)"),
        ("expired", "expired: the password has expired (userAccountControl)"),
        ("locked", "It is locked, known to ldap_auth."),
        ("never", "It is never, known to ldap_auth."),
    ] {
        let outcome = test.about(account, &[]);
        assert!(outcome.stdout.contains(told), "{outcome}");
        assert_eq!(outcome.is_success(), told.starts_with("It is"), "{outcome}");
    }
}

#[test]
fn a_password_in_the_clear_is_an_error_that_names_the_cure() {
    let Some(samba) = Samba::start(&Authority::new()) else { return };
    let plain = with(&section(&samba), json!({"addr": samba.uri(), "ca_certificate": null}));
    let as_user =
        json!({"initial_bind_as_user": true, "bind_dn": "${account}@ad.example.test", "bind_password": null});
    for section in [plain.clone(), with(&plain, as_user)] {
        let gate = Gate::start(&[link(&section)]);
        let (answer, line) = gate.audited("bob", "bob-pass");
        assert_eq!(answer.status, 503, "{line}");
        assert!(!answer.body.contains("ldap") && !answer.body.contains("TLS"), "{}", answer.body);
        let cure = "use `tls: starttls` or `tls: always`";
        assert!(line["detail"].as_str().unwrap().contains(cure), "{line}");
        assert!(gate.logged(&answer, cure), "{}", gate.log());
    }
}
