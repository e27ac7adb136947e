//! Filters with what stands for their variables.

use proptest::prelude::*;

use super::super::filter::{Member, MemberFilter};
use crate::entry::Entry;

fn fill(filter: &str, dns: &[&str], account: &str, entry: &Entry) -> String {
    let member = Member { dns: dns.to_vec(), account, entry };
    MemberFilter::read(filter).unwrap().fill(&member).unwrap()
}

fn alice() -> Entry {
    let mut entry = Entry::new("uid=alice");
    entry.add("uid", [b"alice".to_vec(), b"a*(b)".to_vec()]);
    entry.add("gidNumber", [b"100".to_vec()]);
    entry.add("empty", [Vec::new()]);
    entry
}

#[test]
fn an_item_is_there_once_for_each_value() {
    for (filter, filled) in [
        ("(member=${dn})", r"(member=cn=a\2a)"),
        ("(&(objectClass=group)(member=${dn}))", r"(&(objectClass=group)(member=cn=a\2a))"),
        ("(&(cn=${account}-*)(x=\\2a))", r"(&(cn=Alice-*)(x=\2a))"),
        ("(memberUid=${entry:UID})", r"(|(memberUid=alice)(memberUid=a\2a\28b\29))"),
        ("(!(memberUid=${entry:uid}))", r"(!(|(memberUid=alice)(memberUid=a\2a\28b\29)))"),
        ("(x=${entry:gidNumber}:${entry:uid})", r"(|(x=100:alice)(x=100:a\2a\28b\29))"),
        ("(member:1.2.3:=${dn})", r"(member:1.2.3:=cn=a\2a)"),
    ] {
        assert_eq!(fill(filter, &["cn=a*"], "Alice", &alice()), filled);
    }
    let several = fill("(|(member=${dn})(memberUid=${account}))", &["cn=a", "cn=b"], "Alice", &alice());
    assert_eq!(several, "(|(|(member=cn=a)(member=cn=b))(memberUid=Alice))");
}

#[test]
fn an_item_without_a_value_fits_nothing_and_the_others_are_as_they_were() {
    for name in ["gone", "empty"] {
        let filter = format!("(|(member=${{dn}})(memberUid=*${{entry:{name}}}*))");
        assert_eq!(fill(&filter, &["cn=a"], "", &alice()), "(|(member=cn=a)(!(objectClass=*)))");
    }
    assert_eq!(fill("(x=*${account}*)", &["cn=a"], "", &alice()), "(!(objectClass=*))");
}

#[test]
fn more_values_than_a_server_takes_are_an_error() {
    let mut entry = Entry::new("uid=alice");
    entry.add("uid", (0..1_000).map(|number| format!("a{number}").into_bytes()));
    let filter = MemberFilter::read("(memberUid=${entry:uid})").unwrap();
    let fill = |entry: &Entry| filter.fill(&Member { dns: vec!["cn=a"], account: "alice", entry });
    assert!(fill(&entry).is_ok());
    entry.add("uid", [b"one more".to_vec()]);
    assert!(fill(&entry).unwrap_err().to_string().contains("more than 1000 values"));
}

#[test]
fn what_is_no_filter_is_refused() {
    for (filter, why) in [
        ("", "no filter"),
        ("member=${dn}", "parentheses"),
        ("(member=${dn}", "`)` is missing"),
        ("(member=${dn)", "`}` is missing"),
        ("(member=${uid})", "unknown variable"),
        ("(member=${entry:})", "unknown variable"),
        ("(${dn}=member)", "in the value behind a `=`"),
        ("(&${dn}(a=b))", ""),
        ("(!member=${dn})", "parentheses"),
        ("(member=${dn})(a=b)", ""),
        ("(member=(${dn}))", ""),
    ] {
        let refused = MemberFilter::read(filter).unwrap_err();
        assert!(refused.contains(why), "{filter}: {refused}");
    }
}

#[test]
fn it_says_what_it_needs() {
    let filter = MemberFilter::read("(|(memberUid=${entry:uid})(x=${entry:gidNumber}))").unwrap();
    assert_eq!(filter.attributes().collect::<Vec<_>>(), ["uid", "gidNumber"]);
    assert!(!filter.names_the_member());
    assert!(MemberFilter::read("(member=${dn})").unwrap().names_the_member());
}

proptest! {
    #[test]
    fn whatever_the_values_are_the_filter_keeps_its_form(
        dns in prop::collection::vec(".{0,20}", 1..4),
        account in any::<String>(),
        values in prop::collection::vec(any::<Vec<u8>>(), 0..4),
    ) {
        let mut entry = Entry::new("uid=alice");
        entry.add("uid", values);
        let dns: Vec<&str> = dns.iter().map(String::as_str).collect();
        let filled = fill("(&(a=b)(|(member=${dn})(x=*${account}*))(!(u=${entry:uid})))", &dns, &account, &entry);
        prop_assert!(filled.starts_with("(&(a=b)(|"), "{}", filled);
        prop_assert!(ldap3::parse_filter(&filled).is_ok(), "{}", filled);
        let items = filled.matches('(').count();
        prop_assert_eq!(items, filled.matches(')').count());
        prop_assert!(items <= 4 + (1 + dns.len()) + 1 + 1 + (1 + 4));
    }
}
