//! What a directory says of an account, and who gets to know it.

use serde_json::json;

use super::authority::Authority;
use super::backend::{Gate, link, with};
use super::slapd::{Options, PEOPLE, Slapd};

fn start() -> Option<Slapd> {
    Slapd::start(&Authority::new(), Options::default())
}

#[test]
fn the_administrator_is_told_why_and_the_client_is_not() {
    let Some(slapd) = start() else { return };
    let as_user = json!({
        "initial_bind_as_user": true,
        "bind_dn": format!("uid=${{account}},{PEOPLE}"),
        "bind_password": null,
    });
    for (section, unknown) in
        [(slapd.section(), "unknown_account"), (with(&slapd.section(), as_user), "bad_credentials")]
    {
        let gate = Gate::start(&[link(&section)]);
        let nobody = gate.ask_for("nobody-here", "wrong", "");
        for (account, password, reason) in [
            ("nobody-here", "nobody-here-pass", unknown),
            ("erin", "wrong", "bad_credentials"),
            // OpenLDAP locks for ever whom others disable, and says so before it looks at the password.
            ("disabled", "disabled-pass", "locked"),
            ("disabled", "wrong", "locked"),
            ("locked", "locked-pass", "locked"),
            ("must-change", "must-change-pass", "expired"),
            ("must-change", "wrong", "bad_credentials"),
            ("expired", "expired-pass", "expired"),
            ("expired", "wrong", "bad_credentials"),
        ] {
            let (answer, line) = gate.audited(account, password);
            assert_eq!((answer.status, &answer.body), (401, &nobody.body), "{account} {password}");
            assert_eq!(answer.header("www-authenticate"), nobody.header("www-authenticate"));
            assert_eq!((&line["event"], &line["reason"]), (&json!("refused"), &json!(reason)), "{line}");
            assert!(gate.logged(&answer, &format!("reason=\"{reason}\"")), "{reason}\n{}", gate.log());
        }
        // Still good, though not for ever.
        assert_eq!(gate.log_in("warned", "warned-pass"), 200);
        assert_eq!(gate.log_in("grace", "grace-pass"), 200);
    }
    // Each login cost one of its two.
    let gate = Gate::start(&[link(&slapd.section())]);
    let (answer, line) = gate.audited("grace", "grace-pass");
    assert_eq!((answer.status, &line["reason"]), (401, &json!("expired")), "{line}");
}

#[test]
fn five_wrong_passwords_lock_an_account() {
    let Some(slapd) = start() else { return };
    let gate = Gate::start(&[link(&slapd.section())]);
    for _ in 0..5 {
        let (_, line) = gate.audited("bob", "wrong");
        assert_eq!(line["reason"], "bad_credentials", "{line}");
    }
    let (answer, line) = gate.audited("bob", "bob-pass");
    assert_eq!((answer.status, &line["reason"]), (401, &json!("locked")), "{line}");
    assert_eq!(gate.log_in("alice", "alice-pass"), 200);
    slapd.change(&format!("dn: uid=bob,{PEOPLE}\nchangetype: modify\ndelete: pwdAccountLockedTime\n"));
    assert_eq!(gate.log_in("bob", "bob-pass"), 200);
}
