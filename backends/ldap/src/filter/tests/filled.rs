//! What stands in the place of variables.

use super::*;
use crate::entry::Entry;

fn fill(text: &str, dns: &[&str], account: &str, entry: &Entry) -> String {
    template(text).fill(&Values { account, dns, entry: Some(entry) }).unwrap()
}

fn alice() -> Entry {
    let mut entry = Entry::new("cn=Alice");
    entry.add("uid", [b"alice".to_vec(), b"a*(b)".to_vec()]);
    entry.add("gidNumber", [b"100".to_vec()]);
    entry.add("ou", [b"\xff".to_vec()]);
    entry.add("empty", [Vec::new()]);
    entry
}

#[test]
fn an_item_is_there_once_for_each_value() {
    for (filter, filled) in [
        ("(member=${dn})", r"(member=cn=a\2a)"),
        ("member=${dn}", r"(member=cn=a\2a)"),
        ("(&(objectClass=group)(member=${dn}))", r"(&(objectClass=group)(member=cn=a\2a))"),
        ("(&(cn=${account}-*)(x=\\2a))", r"(&(cn=Alice-*)(x=\2a))"),
        ("(memberUid=${entry:UID})", r"(|(memberUid=alice)(memberUid=a\2a\28b\29))"),
        ("(!memberUid=${entry:uid})", r"(!(|(memberUid=alice)(memberUid=a\2a\28b\29)))"),
        ("(x=${entry:gidNumber}:${entry:uid})", r"(|(x=100:alice)(x=100:a\2a\28b\29))"),
        ("(ou=${entry:ou})", r"(ou=\ff)"),
        ("(member:1.2.3:=${dn})", r"(member:1.2.3:=cn=a\2a)"),
    ] {
        assert_eq!(fill(filter, &["cn=a*"], "Alice", &alice()), filled);
    }
    let mut named = alice();
    named.dn = "userid=A*(B),dc=x".to_owned();
    assert_eq!(fill("(memberUid=${entry:uid})", &[], "", &named), r"(memberUid=a\2a\28b\29)");
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
    assert_eq!(fill("(member=*${dn}*)", &[], "alice", &alice()), "(!(objectClass=*))");
    assert_eq!(template("(uid=${entry:uid})").fill(&Values::default()).unwrap(), "(!(objectClass=*))");
}

#[test]
fn nobody_is_no_account() {
    let template = Template::parse("(uid=*${account}*)", Place::Accounts).unwrap();
    assert_eq!(template.fill_account("alice").as_deref(), Some("(uid=*alice*)"));
    assert_eq!(template.fill_account(""), None);
}

#[test]
fn more_values_than_a_server_takes_are_an_error() {
    let mut entry = Entry::new("cn=Alice");
    entry.add("uid", (0..1_000).map(|number| format!("a{number}").into_bytes()));
    let fill =
        |text: &str, entry: &Entry| template(text).fill(&Values { entry: Some(entry), ..Values::default() });
    assert!(fill("(memberUid=${entry:uid})", &entry).is_ok());
    assert_eq!(fill("(memberUid=${entry:uid}${entry:uid})", &entry), Err(TooManyValues));
    entry.add("uid", [b"one more".to_vec()]);
    let error = fill("(memberUid=${entry:uid})", &entry).unwrap_err();
    assert!(error.to_string().contains("more than 1000 values"), "{error}");
}

#[test]
fn it_says_what_it_needs() {
    let one = template("(|(memberUid=${entry:uid})(x=${entry:gidNumber}))");
    assert_eq!(one.entry_attributes().collect::<Vec<_>>(), ["uid", "gidNumber"]);
    assert!(!one.uses_dn());
    let other = template("(|(member=${dn})(memberUid=${account}))");
    assert!(other.uses_dn() && other.entry_attributes().next().is_none());
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
        tree(&filled);
        let items = filled.matches('(').count();
        prop_assert_eq!(items, filled.matches(')').count());
        prop_assert!(items <= 4 + (1 + dns.len()) + 1 + 1 + (1 + 4));
    }
}
