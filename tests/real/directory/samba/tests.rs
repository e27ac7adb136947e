//! What Debian's clients see of it: who reads a failure of another test knows that the directory is not to blame.

use std::time::Instant;

use super::*;
use crate::directory::ldap::values;
use crate::harness::command::Outcome;

fn start() -> Option<Samba> {
    Samba::start(&Authority::new())
}

fn person(name: &str) -> String {
    format!("CN={name},{PEOPLE}")
}

/// It does not say who somebody is, but lets everybody who bound read its root.
fn bind(client: Ldap, name: &str, password: &str) -> Outcome {
    client.bound(name, password).with(&["-s", "base"]).search("", "(objectClass=*)", &["dnsHostName"])
}

#[test]
fn who_may_bind() {
    let before = Instant::now();
    let Some(mut samba) = start() else { return };
    eprintln!("a domain controller after {:?}", before.elapsed());
    bind(samba.plain_client(), SERVICE.0, SERVICE.1).fails_with("Strong(er) authentication required (8)");
    for client in [samba.client(), samba.plain_client().with(&["-ZZ"])] {
        bind(client, SERVICE.0, SERVICE.1).succeeds();
    }
    for (name, password) in [
        (r"ADTEST\alice", "alice-pass"),
        (r"adtest\ALICE", "alice-pass"),
        ("alice@corp.example.test", "alice-pass"), // as it is set
        ("alice@ad.example.test", "alice-pass"),   // of itself
        ("alice@ADTEST", "alice-pass"),
        (&person("Alice Liddell"), "alice-pass"),
        (r"ADTEST\unicode", "pässwörd € 漢字"),
        (r"ADTEST\(paren)", "paren-pass"),
        (r"ADTEST\jörg", "joerg-pass"),
        (&person(r#"Jörg \"JM\" Müller\+Söhne"#), "joerg-pass"),
        (&person(r"Smith\, John"), "jsmith-pass"),
    ] {
        bind(samba.client(), name, password).succeeds();
    }
    for (name, password) in [
        ("alice", "alice-pass"),
        (r"ADTEST\alice", "wrong"),
        (r"ADTEST\nobody", "x"),
        (&person("Nobody"), "x"),
    ] {
        bind(samba.client(), name, password).fails_with("data 52e");
    }
    samba.restart();
    bind(samba.client(), SERVICE.0, SERVICE.1).succeeds();
}

#[test]
fn accounts_in_trouble() {
    let Some(samba) = start() else { return };
    for (account, reason) in [
        ("disabled", "data 533"),
        ("locked", "data 775"),
        ("must-change", "data 773"),
        ("ended", "data 701"),
        ("expired", "data 532"),
        ("never", "data 530"),
    ] {
        bind(samba.client(), &format!("{DOMAIN}\\{account}"), &format!("{account}-pass")).fails_with(reason);
    }
    for _ in 0..5 {
        bind(samba.client(), r"ADTEST\bob", "wrong").fails_with("data 52e");
    }
    bind(samba.client(), r"ADTEST\bob", "bob-pass").fails_with("data 775");
}

#[test]
fn groups() {
    let Some(samba) = start() else { return };
    let client = samba.client().bound(SERVICE.0, SERVICE.1);
    let one = |filter: &str, attribute: &str| {
        values(&client.search(PEOPLE, filter, &[attribute]).succeeds(), attribute)
    };
    assert_eq!(one("(sAMAccountName=carol)", "memberOf"), [format!("CN=interns,{GROUPS}")]);
    let all_of = |name: &str| {
        let filter = format!("(member:1.2.840.113556.1.4.1941:=CN={name},{PEOPLE})");
        let mut names = values(&client.search(GROUPS, &filter, &["cn"]).succeeds(), "cn");
        names.sort();
        names
    };
    assert_eq!(all_of("Carol"), ["developers", "engineering", "interns"]);
    assert_eq!(all_of("Dave"), ["loop-a", "loop-b", "loop-c"]);
    let odd = one("(sAMAccountName=odd)", "memberOf");
    let names = [
        r"Smith\, John's team",
        r#"the \"quoted\""#,
        "Übersicht",
        "star*",
        "paren(",
        r"back\\slash",
        r"plus\+equals\3D",
        r"\#hash",
    ];
    assert_eq!(odd, names.map(|name| format!("CN={name},{GROUPS}")));
    // Who is in a group as the primary one is none of its members.
    let developers = client.search(GROUPS, "(cn=developers)", &["member", "primaryGroupToken"]).succeeds();
    assert_eq!(values(&developers, "primaryGroupToken"), one("(sAMAccountName=petra)", "primaryGroupID"));
    let members: Vec<String> = values(&developers, "member");
    assert!(!members.contains(&person("Petra")) && members.contains(&person("Alice Liddell")), "{members:?}");
    let part = client.search(GROUPS, "(cn=developers)", &["member;range=0-0"]).succeeds();
    assert_eq!(values(&part, "member;range=0-0").len(), 1);
}

#[test]
fn pages_and_references() {
    let Some(samba) = start() else { return };
    let client = samba.client().bound(SERVICE.0, SERVICE.1);
    let names = |client: &Ldap| {
        let mut names = values(&client.search(PEOPLE, "(objectClass=user)", &["cn"]).succeeds(), "cn");
        names.sort();
        names
    };
    let all = names(&client);
    assert!(all.len() > 15, "{all:?}");
    assert_eq!(names(&client.clone().with(&["-E", "pr=3/noprompt"])), all);
    let whole = client.search(SUFFIX, "(sAMAccountName=alice)", &["cn"]).succeeds();
    assert!(whole.stdout.contains("# refldap"), "{whole}");
}
