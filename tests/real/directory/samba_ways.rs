//! The ways in which people of Active Directory write their accounts.

use serde_json::{Value, json};

use super::authority::Authority;
use super::backend::{Gate, link, with};
use super::dns::{Dns, Record};
use super::ldap::values;
use super::samba::{ADMINISTRATOR, HOST, PEOPLE, REALM, SERVICE, Samba};
use super::samba_link::section;

/// Of `other-pass`.
const HASH: &str = "$2y$05$BFeTlxLJlK.gShmYTagwBOXPUknQmHBJo470LaUviZdcOdyUZ88Wy";

fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap_or_default()
}

#[test]
fn however_they_write_it_it_is_one_account() {
    let Some(samba) = Samba::start(&Authority::new()) else { return };
    let others = json!({"users": {r"OTHER\alice": {"password": HASH}}});
    let gate = Gate::start(&[link(&section(&samba)), others]);

    let mut subjects = Vec::new();
    for written in [
        "alice",
        "ALICE",
        r"ADTEST\alice",
        r"adtest\ALICE",
        "alice@corp.example.test",
        "Alice@CORP.Example.Test",
        r"ADTEST\alice@corp.example.test",
    ] {
        let (answer, line) = gate.audited(written, "alice-pass");
        assert_eq!(answer.status, 200, "{written}: {line}");
        assert_eq!((text(&line, "account"), text(&line, "backend")), ("alice", "ldap_auth"), "{line}");
        subjects.push(text(&line, "subject").to_owned());
    }
    subjects.dedup();
    let [subject] = subjects.as_slice() else { panic!("{subjects:?}") };
    // The controller itself reads it as Microsoft prints it.
    let guid = subject.strip_prefix("objectguid:").unwrap();
    let client = samba.client().bound(SERVICE.0, SERVICE.1).with(&["-s", "base"]);
    let found = client.search(&format!("<GUID={guid}>"), "(objectClass=*)", &["sAMAccountName"]).succeeds();
    assert_eq!(values(&found, "sAMAccountName"), ["alice"], "{found}");

    for (written, password, account) in [
        ("bob@ad.example.test", "bob-pass", "bob"),
        ("jörg", "joerg-pass", "jörg"),
        ("JÖRG", "joerg-pass", "jörg"),
        ("joerg@ad.example.test", "joerg-pass", "jörg"),
        (r"ADTEST\jörg", "joerg-pass", "jörg"),
        ("(paren)", "paren-pass", "(paren)"),
        ("jsmith", "jsmith-pass", "jsmith"),
        ("unicode", "pässwörd € 漢字", "unicode"),
    ] {
        let (answer, line) = gate.audited(written, password);
        assert_eq!((answer.status, text(&line, "account")), (200, account), "{written}: {line}");
    }

    // Another domain is another link's, with its own password.
    let (answer, line) = gate.audited(r"OTHER\alice", "other-pass");
    assert_eq!((answer.status, text(&line, "backend")), (200, "users"), "{line}");
    for (written, password, backend, reason) in [
        (r"OTHER\alice", "alice-pass", "users", "bad_credentials"),
        (r"THIRD\alice", "alice-pass", "", "unknown_account"),
        (r"\alice", "alice-pass", "", "unknown_account"),
        (r"ADTEST\", "alice-pass", "", "unknown_account"),
        ("*", "alice-pass", "", "unknown_account"),
        ("ali*", "alice-pass", "", "unknown_account"),
        ("alice)(sAMAccountName=alice", "alice-pass", "", "unknown_account"),
        // Neither her name in the domain's own realm, which no attribute of hers is, nor her entry's name.
        ("alice@ad.example.test", "alice-pass", "", "unknown_account"),
        (&format!("CN=Alice Liddell,{PEOPLE}"), "alice-pass", "", "unknown_account"),
        // A machine is no person.
        ("DC1$", "x", "", "unknown_account"),
    ] {
        let (answer, line) = gate.audited(written, password);
        assert_eq!(answer.status, 401, "{written}: {line}");
        assert_eq!((text(&line, "backend"), text(&line, "reason")), (backend, reason), "{written}: {line}");
    }
    // The service account and the administrator are accounts, too.
    let (answer, line) = gate.audited(ADMINISTRATOR.0.split('@').next().unwrap(), ADMINISTRATOR.1);
    assert_eq!((answer.status, text(&line, "account")), (200, "Administrator"), "{line}");
}

#[test]
fn a_domain_names_its_controllers() {
    let Some(samba) = Samba::start(&Authority::new()) else { return };
    let records = [
        Record::Ldap { domain: REALM, host: HOST, port: 389, priority: 0, weight: 100 },
        Record::Address { host: HOST, address: samba.address },
    ];
    let Some(dns) = Dns::start(&records) else { return };
    let gate = |tls: &str| {
        let by_name = json!({"addr": null, "srv": REALM, "tls": tls});
        Gate::start_in(&dns.launcher(), &[link(&with(&section(&samba), by_name))])
    };
    assert_eq!(gate("starttls").log_in("alice", "alice-pass"), 200, "{}", dns.log());
    let (answer, line) = gate("always").audited("alice", "alice-pass");
    assert_eq!(answer.status, 503, "{line}");
    assert!(text(&line, "detail").contains("On 389 that is `tls: starttls`"), "{line}");
}
