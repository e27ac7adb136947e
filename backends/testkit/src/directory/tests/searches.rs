use ldap3::Scope;

use super::super::{Anonymous, Scope as Asked};
use super::client::{ALICE, SERVICE, connect, example, find, names, service};

const BOB: &str = "uid=bob,ou=people,dc=example,dc=com";
const DEVELOPERS: &str = "cn=developers,ou=groups,dc=example,dc=com";

#[tokio::test]
async fn filters_find_what_they_say() {
    let directory = example().start().await;
    let mut ldap = service(&directory).await;
    let all = [SERVICE, ALICE, BOB, DEVELOPERS];
    for (filter, found) in [
        ("(uid=ALICE)", &[ALICE][..]),
        ("(cn=alice liddell)", &[ALICE]),
        ("(uid=*)", &[ALICE, BOB]),
        ("(!(uid=*))", &[SERVICE, DEVELOPERS]),
        ("(&(uid=*)(mail=*))", &[ALICE]),
        ("(&)", &all),
        ("(objectClass=*)", &all),
        ("(|)", &[]),
        ("(|(uid=bob)(cn=developers))", &[BOB, DEVELOPERS]),
        ("(mail=ALI*@*.com)", &[ALICE]),
        ("(mail=*example*)", &[ALICE]),
        ("(mail=*.com*.com)", &[]),
        ("(uid=*ce)", &[ALICE]),
        ("(uidNumber>=999)", &[BOB]),
        ("(uidNumber<=999)", &[]),
        ("(member=UID=alice, ou=People,dc=example,dc=com)", &[DEVELOPERS]),
        ("(uid:caseExactMatch:=Alice)", &[]),
        ("(uid:caseExactMatch:=alice)", &[ALICE]),
        ("(uidNumber:1.2.840.113556.1.4.803:=10)", &[BOB]),
        ("(uidNumber:1.2.840.113556.1.4.803:=11)", &[]),
        ("(uidNumber:1.2.840.113556.1.4.804:=3)", &[BOB]),
        // Undefined is not found, whichever way round.
        ("(uid:1.2.3.4:=alice)", &[]),
        ("(!(uid:1.2.3.4:=alice))", &[]),
        ("(|(uid=alice)(uid:1.2.3.4:=x))", &[ALICE]),
        ("(!(|(uid=nobody)(uid:1.2.3.4:=x)))", &[]),
        ("(!(&(uid=alice)(uid:1.2.3.4:=x)))", &[SERVICE, BOB, DEVELOPERS]),
    ] {
        assert_eq!(names(&mut ldap, filter).await, found, "{filter}");
        assert_eq!(directory.searches().last().unwrap().filter, filter);
    }
}

#[tokio::test]
async fn scopes_look_so_far_and_no_further() {
    let directory = example().base("ou=empty,dc=example,dc=com").start().await;
    let mut ldap = service(&directory).await;
    for (base, scope, code, found) in [
        ("dc=example,dc=com", Scope::Subtree, 0, 4),
        ("dc=example,dc=com", Scope::OneLevel, 0, 1),
        ("dc=example,dc=com", Scope::Base, 0, 0),
        ("ou=people,dc=example,dc=com", Scope::OneLevel, 0, 2),
        (ALICE, Scope::Base, 0, 1),
        (ALICE, Scope::Subtree, 0, 1),
        ("ou=empty,dc=example,dc=com", Scope::Subtree, 0, 0),
        ("ou=missing,dc=example,dc=com", Scope::Subtree, 32, 0),
        ("nonsense", Scope::Subtree, 34, 0),
    ] {
        let (entries, result) = find(&mut ldap, base, scope, "(&)", &[]).await;
        assert_eq!((result, entries.len()), (code, found), "{base} {scope:?}");
    }
    let asked = directory.searches();
    assert_eq!(
        (asked[1].scope, asked[1].base.as_str(), asked[1].who.as_str()),
        (Asked::One, "dc=example,dc=com", SERVICE)
    );
}

#[tokio::test]
async fn attributes_are_shown_that_were_asked_for() {
    let directory = example().start().await;
    let mut ldap = service(&directory).await;
    for (asked, shown) in [
        (&[][..], &["cn", "mail", "uid"][..]),
        (&["*"], &["cn", "mail", "uid"]),
        (&["+"], &["entryUUID"]),
        (&["*", "+"], &["cn", "entryUUID", "mail", "uid"]),
        (&["1.1"], &[]),
        (&["MAIL", "entryuuid", "missing"], &["entryUUID", "mail"]),
    ] {
        let (entries, _) = find(&mut ldap, ALICE, Scope::Base, "(uid=*)", asked).await;
        let mut names: Vec<&str> = entries[0].attrs.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, shown, "{asked:?}");
        assert_eq!(directory.searches().last().unwrap().attributes, asked);
    }
}

#[tokio::test]
async fn nobody_searches_unless_they_may() {
    for (anonymous, code) in [(Anonymous::Bind, 1), (Anonymous::Search, 0)] {
        let directory =
            example().anonymous(anonymous).root("namingContexts", ["dc=example,dc=com"]).start().await;
        let mut ldap = connect(&directory).await;
        assert_eq!(find(&mut ldap, ALICE, Scope::Base, "(&)", &[]).await.1, code);
        // A bind that failed makes nobody of whoever was bound before.
        ldap.simple_bind(ALICE, "alice-password-1").await.unwrap();
        assert_eq!(find(&mut ldap, ALICE, Scope::Base, "(&)", &[]).await.1, 0);
        ldap.simple_bind(ALICE, "wrong").await.unwrap();
        assert_eq!(find(&mut ldap, ALICE, Scope::Base, "(&)", &[]).await.1, code);
        // And so does one without a password, though it succeeds.
        ldap.simple_bind(ALICE, "").await.unwrap();
        assert_eq!(find(&mut ldap, ALICE, Scope::Base, "(&)", &[]).await.1, code);
        let (root, _) = find(&mut ldap, "", Scope::Base, "(&)", &["*"]).await;
        assert_eq!(root[0].attrs["namingContexts"], ["dc=example,dc=com"]);
    }
}

#[tokio::test]
async fn groups_are_followed_or_not() {
    let nested = || {
        example()
            .entry("cn=staff,ou=groups,dc=example,dc=com", [("cn", "staff"), ("member", DEVELOPERS)])
            .values("member", ["cn=circle,ou=groups,dc=example,dc=com"])
            .entry(
                "cn=circle,ou=groups,dc=example,dc=com",
                [("member", "cn=staff,ou=groups,dc=example,dc=com")],
            )
            .operational(&["memberOf"])
            .computed_member_of()
    };
    let chain = format!("(member:1.2.840.113556.1.4.1941:={ALICE})");
    let staff = "cn=staff,ou=groups,dc=example,dc=com";
    let circle = "cn=circle,ou=groups,dc=example,dc=com";
    let directory = nested().start().await;
    let mut ldap = service(&directory).await;
    assert_eq!(names(&mut ldap, &chain).await, [DEVELOPERS, staff, circle]);
    assert_eq!(
        names(&mut ldap, &format!("(memberOf:1.2.840.113556.1.4.1941:={staff})")).await,
        [ALICE, DEVELOPERS, staff, circle]
    );
    assert_eq!(names(&mut ldap, &format!("(memberOf={DEVELOPERS})")).await, [ALICE]);
    let (entries, _) = find(&mut ldap, ALICE, Scope::Base, "(&)", &["memberof"]).await;
    assert_eq!(entries[0].attrs["memberOf"], [DEVELOPERS]);
    let (entries, _) = find(&mut ldap, ALICE, Scope::Base, "(&)", &["*"]).await;
    assert!(!entries[0].attrs.contains_key("memberOf"));

    let directory = nested().without_matching_rule().start().await;
    let mut ldap = service(&directory).await;
    assert!(names(&mut ldap, &chain).await.is_empty());
}

#[tokio::test]
async fn names_compare_however_they_are_escaped() {
    let smith = r"cn=Smith\2C John \28x\29,ou=people,dc=example,dc=com";
    let directory = example().entry(smith, [("cn", "Smith, John (x)")]).password("s").start().await;
    let mut ldap = connect(&directory).await;
    for name in [
        r"CN=Smith\, John (x), OU=People,dc=example,dc=com",
        r"cn=\53mith\,  John \(x\) ;ou=people,dc=example,dc=com",
    ] {
        assert_eq!(ldap.simple_bind(name, "s").await.unwrap().rc, 0, "{name}");
    }
    for (name, code) in [
        (r"cn=Smith\2C John,ou=people,dc=example,dc=com", 49),
        (r"cn=a\", 34),
        ("cn", 34),
        (r"cn=\5,dc=com", 34),
    ] {
        assert_eq!(ldap.simple_bind(name, "s").await.unwrap().rc, code, "{name}");
    }
    assert_eq!(names(&mut service(&directory).await, r"(cn=Smith, John \28x\29)").await, [smith]);
}
