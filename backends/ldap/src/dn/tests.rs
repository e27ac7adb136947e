use std::collections::HashSet;

use proptest::prelude::*;

use super::prepared::prepared;
use super::*;

fn dn(text: &str) -> Dn {
    Dn::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn spellings_of_one_name() {
    for (one, other) in [
        ("cn=a,dc=example,dc=com", "CN = A , DC=Example;dc=com "),
        ("cn=a", "commonName=a"),
        ("cn=a", "OID.2.5.4.3=a"),
        ("cn=a", "2.5.4.3=#0c0141"),
        ("cn=a", "cn=#0C81 0141".replace(' ', "").as_str()),
        ("ou=x", "2.5.4.11=X"),
        ("dc=x", "0.9.2342.19200300.100.1.25=X"),
        ("uid=x", "userid=x"),
        ("cn=Smith\\, John", "cn=Smith\\2c John"),
        ("cn=Smith\\, John", "cn=\"Smith, John\""),
        ("cn=a \\\"b\\\"", "cn=\"a \\\"b\\\"\""),
        ("cn=a b", "cn=  a    b  "),
        ("cn=a", "cn=\\ a\\ "),
        ("cn=\\#a", "cn=\\23a"),
        ("cn=a=b", "cn=a\\=b"),
        ("cn=J\\c3\\bcrgen", "cn=JÜRGEN"),
        ("cn=Ju\u{308}rgen", "cn=jürgen"),
        ("cn=ΟΔΟΣ", "cn=οδος"),
        ("cn=a+uid=b,dc=x", "uid=B + CN=A,dc=x"),
        ("", "  "),
    ] {
        assert_eq!(dn(one), dn(other), "{one} {other}");
        assert_eq!(dn(one).normalised(), dn(other).normalised(), "{one} {other}");
        let both: HashSet<_> = [dn(one), dn(other)].into();
        assert_eq!(both.len(), 1, "{one} {other}");
    }
}

#[test]
fn different_names() {
    for (one, other) in [
        ("cn=a", "cn=b"),
        ("cn=a", "ou=a"),
        ("cn=a", "cn=a,dc=x"),
        ("cn=ab", "cn=a b"),
        ("cn=\\#00", "cn=#00"),
        ("cn=\\ff", "cn=\\fe"),
        ("cn=#0401ff", "cn=\\ff"),
        ("cn=#0c0161", "cn=#0c0261"),
        ("cn=a\\+uid=b", "cn=a+uid=b"),
        ("cn=a\\,dc=x", "cn=a,dc=x"),
        ("cn=a\\0ACNF:1", "cn=a CNF:1"),
        ("cn=ﬁ", "cn=fi"),
        ("cn=ß", "cn=ss"),
        ("cn=e", "cn=é"),
        ("", "cn=a"),
    ] {
        assert_ne!(dn(one), dn(other), "{one} {other}");
        assert_ne!(dn(one).normalised(), dn(other).normalised(), "{one} {other}");
    }
}

#[test]
fn what_is_no_name() {
    let long = format!("cn={}", "a".repeat(8190));
    let deep = vec!["cn=a"; 129].join(",");
    let wide = vec!["cn=a"; 129].join("+");
    for text in [
        "alice",
        "cn",
        "=a",
        "cn=a,",
        ",cn=a",
        "cn=a,,dc=x",
        "cn=a+",
        "+cn=a",
        "cn=a\\",
        "cn=a\\z",
        "cn=a\\4",
        "cn=\"a",
        "cn=\"a\"b",
        "cn=#",
        "cn=#0",
        "cn=#0g",
        "cn=#04 05",
        "cn=a<b",
        "cn=a>b",
        "cn=a\"b",
        "cn=a\0",
        "1a=b",
        "01.2=b",
        "1.=b",
        "c n=a",
        "cé=a",
        "-=a",
        "oid.=x",
        "corp\\alice",
        "alice@example.com",
        "<GUID=1>",
        &long,
        &deep,
        &wide,
    ] {
        assert!(Dn::parse(text).is_err(), "{text}");
    }
    assert!(Dn::parse(&vec!["cn=a"; 128].join(",")).is_ok());
}

#[test]
fn within() {
    let base = dn("ou=groups,dc=example,dc=com");
    let below = dn("CN=x, OU=Groups,DC=example,DC=com");
    assert!(below.is_within(&base) && base.is_within(&base));
    assert!(!base.is_within(&below));
    assert!(!dn("cn=x,ou=mygroups,dc=example,dc=com").is_within(&base));
    assert!(!dn("cn=x\\,ou=groups,dc=example,dc=com").is_within(&base));
    assert!(!dn("ou=groups,dc=example,dc=com,dc=evil").is_within(&base));
    assert!(base.is_within(&dn("")) && !dn("").is_within(&base));
}

#[test]
fn parts_in_the_directorys_spelling() {
    for (text, expected) in [
        ("CN=Registry\\, Admins,OU=x", "Registry, Admins"),
        ("ou=x,cn=Second  One,cn=Third", "Second  One"),
        ("uid=u+cn=N\\C3\\A4me,dc=x", "Näme"),
        ("2.5.4.3=\\ x\\ ,dc=x", " x "),
        ("uid=u,dc=x", "uid=u,dc=x"),
        ("cn=a,", "cn=a,"),
        ("just text", "just text"),
        ("", ""),
    ] {
        assert_eq!(common_name_or_all(text), expected, "{text}");
    }
    let name = dn("UID=Alice+cn=A\\, B+x=#0403,dc=x");
    assert_eq!(name.leaf().collect::<Vec<_>>(), [("UID", "Alice"), ("cn", "A, B")]);
    assert_eq!(dn("").leaf().next(), None);
}

#[test]
fn escaped_values() {
    for (value, escaped) in [
        ("Smith, John", "Smith\\, John"),
        ("a+b;c<d>e\"f\\g=h", "a\\+b\\;c\\<d\\>e\\\"f\\\\g\\=h"),
        (" a b ", "\\ a b\\ "),
        (" ", "\\ "),
        ("#a#", "\\#a#"),
        ("a\0\n", "a\\00\\0a"),
        ("Jürgen", "Jürgen"),
        ("", ""),
    ] {
        assert_eq!(escape_value(value), escaped);
    }
}

#[test]
fn names_of_users() {
    const LONG: &str = "uid=${account},ou=people,dc=example,dc=com";
    for (template, account, name) in [
        (LONG, "alice", Some("uid=alice,ou=people,dc=example,dc=com")),
        (LONG, "a,ou=admins", Some("uid=a\\,ou\\=admins,ou=people,dc=example,dc=com")),
        (LONG, "", None),
        (LONG, "a\n", None),
        ("uid=${account}+cn=${account},dc=x", "a+b", Some("uid=a\\+b+cn=a\\+b,dc=x")),
        ("${account}@corp.example.com", "alice", Some("alice@corp.example.com")),
        ("${account}@corp.example.com", "alice@other.example.com", None),
        ("${account}@corp.example.com", "", None),
        ("${account}@corp.example.com", " ", None),
        ("CORP\\${account}", "alice", Some("CORP\\alice")),
        ("CORP\\${account}", "OTHER\\alice", None),
        ("CORP\\${account}", "a\0b", None),
        ("${account}", "alice@corp.example.com", Some("alice@corp.example.com")),
        ("${account}", "CORP\\alice", Some("CORP\\alice")),
        ("${account}", "alice", None),
        ("${account}", "@corp", None),
        ("${account}", "CORP\\", None),
        ("${account}", "CORP\\a\\b", None),
        ("${account}", "CORP\\a@b", None),
        ("${account}", "a@b@c", None),
        ("${account}", "cn=admin,dc=x", None),
        ("${account}", "S-1-5-21-1", None),
        ("${account}", "HOST/dc1@corp", None),
    ] {
        let template = NameTemplate::parse(template).unwrap();
        assert_eq!(template.fill(account).as_deref(), name, "{template:?} {account:?}");
    }
    for forbidden in "\"/\\[]:;|=,+*?<>@".chars() {
        let template = NameTemplate::parse("CORP\\${account}").unwrap();
        assert_eq!(template.fill(&format!("a{forbidden}b")), None, "{forbidden}");
    }
}

#[test]
fn templates_that_are_none() {
    for text in [
        "",
        "cn=admin,dc=x",
        "uid=${user},dc=x",
        "uid=${account},dc=${domain}",
        "uid=${account",
        "${account}",
        "x${account}",
        "uid=${account},",
        "uid=\"${account}\",dc=x",
        "uid=#${account}",
        "uid=\\${account}",
        "uid=a\\2${account}",
        "${account}=x,uid=${account}",
        "a\n@${account}",
    ] {
        let read = NameTemplate::parse(text);
        assert_eq!(read.is_err(), text != "${account}", "{text}");
    }
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ #,+;<>\"\\\\=a-zA-Z\u{0}\n0-9é]{0,12}"]
}

fn any_name() -> impl Strategy<Value = Vec<Vec<(String, String)>>> {
    let part = ("[a-zA-Z][a-zA-Z0-9-]{0,5}", any_value());
    prop::collection::vec(prop::collection::vec(part, 1..3), 1..5)
}

fn written(name: &[Vec<(String, String)>], equals: &str, plus: &str, comma: &str) -> String {
    let rdn = |parts: &Vec<(String, String)>| {
        let parts: Vec<_> =
            parts.iter().map(|(kind, value)| format!("{kind}{equals}{}", escape_value(value))).collect();
        parts.join(plus)
    };
    name.iter().map(rdn).collect::<Vec<_>>().join(comma)
}

proptest! {
    #[test]
    fn an_escaped_value_is_read_back(value in any_value()) {
        let name = dn(&format!("cn={},dc=x", escape_value(&value)));
        prop_assert_eq!(name.rdns.len(), 2);
        prop_assert_eq!(name.common_name(), Some(value.as_str()));
        prop_assert_eq!(name.leaf().count(), 1);
        prop_assert!(name.is_within(&dn("dc=x")));
    }

    #[test]
    fn separators_and_order_do_not_matter(name in any_name()) {
        let one = dn(&written(&name, "=", "+", ","));
        let turned: Vec<Vec<_>> = name.iter().map(|rdn| rdn.iter().rev().cloned().collect()).collect();
        let other = dn(&written(&turned, " = ", "  + ", " ; "));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(&dn(&one.normalised()), &one);
        prop_assert_eq!(dn(&one.normalised()).normalised(), one.normalised());
    }

    #[test]
    fn ascii_case_and_spaces_do_not_matter(value in "[a-zA-Z ,+]{0,20}") {
        let spaced = format!("  {}  ", value.to_ascii_uppercase().replace(' ', "   "));
        let (one, other) = (escape_value(&value), escape_value(&spaced));
        prop_assert_eq!(dn(&format!("cn={one}")), dn(&format!("CN={other}")));
    }

    #[test]
    fn what_is_equal_differs_in_nothing_that_counts(one in any_value(), other in any_value()) {
        let equal = dn(&format!("cn={}", escape_value(&one))) == dn(&format!("cn={}", escape_value(&other)));
        prop_assert_eq!(equal, same_text(&one, &other));
        prop_assert_eq!(prepared(&prepared(&one)), prepared(&one));
    }

    #[test]
    fn any_text_is_read_or_refused(text in any_value(), raw in "[a-c=,;+\\\\\"# 0-9<>]{0,24}") {
        for text in [text, raw] {
            if let Ok(name) = Dn::parse(&text) {
                prop_assert_eq!(dn(&name.normalised()), name);
            }
        }
    }

    #[test]
    fn an_account_stays_within_its_value(account in any_value()) {
        let template = NameTemplate::parse("uid=${account},ou=people,dc=x").unwrap();
        if let Some(name) = template.fill(&account) {
            let name = dn(&name);
            prop_assert!(name.is_within(&dn("ou=people,dc=x")));
            prop_assert_eq!(name.rdns.len(), 3);
            prop_assert_eq!(name.leaf().collect::<Vec<_>>(), [("uid", account.as_str())]);
        }
        if let Some(name) = NameTemplate::parse("CORP\\${account}").unwrap().fill(&account) {
            prop_assert!(Dn::parse(&name).is_err());
            prop_assert_eq!(name.matches(['\\', '@']).count(), 1);
        }
    }
}
