//! What Debian's clients see of it: who reads a failure of a test above knows that the directory is not to blame.

use std::time::Instant;

use super::*;
use crate::directory::crowd::{GROUPS as ALL_GROUPS, USERS, account, groups_of, password};
use crate::directory::ldap::values;

fn start(options: Options) -> Option<Slapd> {
    Slapd::start(&Authority::new(), options)
}

fn person(account: &str) -> String {
    format!("uid={account},{PEOPLE}")
}

#[test]
fn who_may_bind() {
    let Some(slapd) = start(Options::default()) else { return };
    let said = |client: Ldap| client.whoami();
    for client in [slapd.client(), slapd.plain_client(), slapd.plain_client().with(&["-ZZ"])] {
        said(client.bound(SERVICE.0, SERVICE.1)).succeeds();
    }
    let alice = said(slapd.client().bound(&person("alice"), "alice-pass")).succeeds();
    assert_eq!(alice.stdout, format!("dn:{}\n", person("alice")));
    for (name, password) in [
        ("uid=a*b", "star-pass"),
        ("uid=(paren)", "paren-pass"),
        (r"uid=back\\slash", "backslash-pass"),
        ("uid=unicode", "pässwörd € 漢字"),
        (r"cn=Smith\, John", "jsmith-pass"),
        (r"cn=Jörg \22JM\22 Müller\2BSöhne", "joerg-pass"),
        ("uid=multi+cn=Multi", "multi-pass"),
    ] {
        said(slapd.client().bound(&format!("{name},{PEOPLE}"), password)).succeeds();
    }
    said(slapd.client().bound(&format!("uid=paula,{PARTNERS}"), "paula-pass")).succeeds();
    said(slapd.client().bound(&person("alice"), "wrong")).fails_with("Invalid credentials (49)");
    said(slapd.client().bound(&person("nobody-here"), "wrong")).fails_with("Invalid credentials (49)");
    said(slapd.client().bound(&person("alice"), "")).fails_with("unauthenticated bind (DN with no password)");
    said(slapd.client()).fails_with("anonymous bind disallowed");
}

#[test]
fn accounts_in_trouble() {
    let Some(slapd) = start(Options::default()) else { return };
    let bind = |account: &str, password: &str| {
        slapd.client().with(&["-e", "ppolicy"]).bound(&person(account), password).whoami()
    };
    bind("disabled", "disabled-pass").fails_with("(49); Account locked");
    bind("locked", "locked-pass").fails_with("(49); Account locked");
    bind("expired", "expired-pass").fails_with("(49); Password expired");
    for (account, reason) in [
        ("must-change", "Password must be changed"),
        ("grace", "Password expired, 1 grace logins remain"),
        ("warned", "Password expires in"),
    ] {
        let outcome = bind(account, &format!("{account}-pass")).succeeds();
        assert!(outcome.stderr.contains(reason), "{outcome}");
    }
    for _ in 0..5 {
        bind("bob", "wrong").fails_with("Invalid credentials (49)");
    }
    bind("bob", "bob-pass").fails_with("(49); Account locked");
}

#[test]
fn groups_and_their_odd_names() {
    let Some(slapd) = start(Options::default()) else { return };
    let client = slapd.client().bound(SERVICE.0, SERVICE.1);
    let groups = |filter: &str| values(&client.search(SUFFIX, filter, &["memberOf"]).succeeds(), "memberOf");
    assert_eq!(groups("(uid=carol)"), [format!("cn=interns,{GROUPS}")]);
    assert_eq!(groups("(cn=interns)"), [format!("cn=developers,{GROUPS}")]);
    assert_eq!(groups("(cn=developers)"), [format!("cn=engineering,{GROUPS}")]);
    for (inner, outer) in [("a", "b"), ("b", "c"), ("c", "a")] {
        assert_eq!(groups(&format!("(cn=loop-{inner})")), [format!("cn=loop-{outer},{GROUPS}")]);
    }
    let odd = groups("(uid=odd)");
    let escaped = [r"Smith\2C John's team", r"the \22quoted\22", "Übersicht", "star*", "paren("];
    let more = [r"back\5Cslash", r"plus\2Bequals\3D", r"\23hash", r"nul\00byte", "two+description=values"];
    let names = [escaped, more].concat();
    assert_eq!(odd, names.iter().map(|name| format!("cn={name},{GROUPS}")).collect::<Vec<_>>());
    let posix = client.search(GROUPS, r"(memberUid=a\2Ab)", &["cn"]).succeeds();
    assert_eq!(values(&posix, "cn"), ["posix-developers"]);
    let smith = format!(r"(uniqueMember=cn=Smith\5C, John,{PEOPLE})");
    assert_eq!(values(&client.search(GROUPS, &smith, &["cn"]).succeeds(), "cn"), ["unique-developers"]);
    let star = client.search(PEOPLE, r"(uid=a\2ab)", &["uid"]).succeeds();
    assert_eq!(values(&star, "uid"), ["a*b"]);
    assert_eq!(values(&client.search(PEOPLE, "(uid=a*b)", &["uid"]).succeeds(), "uid").len(), 2);
}

#[test]
fn who_may_search() {
    let Some(slapd) = start(Options::default()) else { return };
    slapd.client().search(PEOPLE, "(uid=alice)", &["uid"]).fails();
    let Some(slapd) = start(Options { strangers: Strangers::Search, ..Options::default() }) else { return };
    let found = slapd.client().search(PEOPLE, "(uid=alice)", &["uid", "userPassword"]).succeeds();
    assert_eq!(values(&found, "uid"), ["alice"]);
    assert_eq!(values(&found, "userPassword").len(), 0);
    let Some(slapd) = start(Options { strangers: Strangers::EmptyPasswords, ..Options::default() }) else {
        return;
    };
    let nobody = slapd.client().bound(&person("alice"), "").whoami().succeeds();
    assert_eq!(nobody.stdout, "anonymous\n");
}

#[test]
fn what_the_connection_must_be() {
    let Some(slapd) = start(Options { demands: Demands::Confidentiality, ..Options::default() }) else {
        return;
    };
    slapd.plain_client().bound(SERVICE.0, SERVICE.1).whoami().fails_with("Confidentiality required (13)");
    slapd.plain_client().with(&["-ZZ"]).bound(SERVICE.0, SERVICE.1).whoami().succeeds();

    let options = Options { demands: Demands::Certificates, ..Options::default() };
    let Some(slapd) = start(options) else { return };
    let client = slapd.client().bound(SERVICE.0, SERVICE.1);
    client.whoami().fails_with("Can't contact LDAP server (-1)");
    client.clone().showing(&slapd.authority.client("dockgate")).whoami().succeeds();
    client.showing(&Authority::new().client("dockgate")).whoami().fails();

    let options = Options { named_only: Some("ldap.example.test"), ..Options::default() };
    let Some(slapd) = start(options) else { return };
    slapd.client().bound(SERVICE.0, SERVICE.1).whoami().fails_with("Can't contact LDAP server (-1)");
}

#[test]
fn it_stops_and_returns() {
    let Some(mut slapd) = start(Options { chatty: true, ..Options::default() }) else { return };
    let client = slapd.client().bound(&person("alice"), "alice-pass");
    client.whoami().succeeds();
    slapd.stop();
    client.whoami().fails_with("Can't contact LDAP server (-1)");
    slapd.restart();
    client.whoami().succeeds();
    assert!(slapd.log().contains(&format!("BIND dn=\"{}\" mech=SIMPLE", person("alice"))), "{}", slapd.log());
}

#[test]
fn a_branch_is_elsewhere() {
    let authority = Authority::new();
    let Some(other) = Slapd::start(&authority, Options::default()) else { return };
    let Some(slapd) =
        Slapd::start(&authority, Options { elsewhere: Some(other.uri()), ..Options::default() })
    else {
        return;
    };
    let found = |slapd: &Slapd| {
        slapd.plain_client().bound(SERVICE.0, SERVICE.1).search(SUFFIX, "(uid=remote)", &["uid"]).succeeds()
    };
    let outcome = found(&slapd);
    assert!(outcome.stdout.contains(&format!("{}/ou=elsewhere,{SUFFIX}", other.uri())), "{outcome}");
    assert_eq!(values(&outcome, "uid").len(), 0);
    assert_eq!(values(&found(&other), "uid"), ["remote"]);
}

#[test]
fn a_crowd() {
    let before = Instant::now();
    let Some(slapd) = start(Options { crowd: true, ..Options::default() }) else { return };
    eprintln!("a crowd of {USERS} in {ALL_GROUPS} groups after {:?}", before.elapsed());
    let client = slapd.client().bound(SERVICE.0, SERVICE.1);
    client.search(PEOPLE, "(uid=user*)", &["uid"]).fails_with("Size limit exceeded (4)");
    let paged = client.clone().with(&["-E", "pr=500/noprompt"]);
    let everybody = paged.search(PEOPLE, "(uid=user*)", &["uid"]).succeeds();
    assert_eq!(values(&everybody, "uid").len(), USERS);
    let groups =
        paged.search(GROUPS, "(|(cn=team*)(cn=department*)(cn=division*)(cn=everyone))", &["cn"]).succeeds();
    assert_eq!(values(&groups, "cn").len(), ALL_GROUPS);
    let number = 4711;
    let [team, department, division, everyone] = groups_of(number);
    let of = |filter: String| values(&client.search(SUFFIX, &filter, &["memberOf"]).succeeds(), "memberOf");
    let dn = |name: &str| format!("cn={name},{GROUPS}");
    assert_eq!(of(format!("(uid={})", account(number))), [dn(&team), dn(&everyone)]);
    assert_eq!(of(format!("(cn={team})")), [dn(&department)]);
    assert_eq!(of(format!("(cn={department})")), [dn(&division)]);
    slapd.client().bound(&person(&account(number)), &password(number)).whoami().succeeds();
}
