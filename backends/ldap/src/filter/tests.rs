mod filled;

use ldap3::asn1::{ASNTag, PL, StructureTag};
use proptest::prelude::*;

use super::*;

fn tree(filter: &str) -> StructureTag {
    ldap3::parse_filter(filter).unwrap_or_else(|()| panic!("{filter}")).into_structure()
}

fn template(text: &str) -> Template {
    Template::parse(text, Place::OfEntry).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn filled(text: &str, account: &str) -> String {
    template(text).fill_account(account).unwrap()
}

/// The tree without its values: what kinds of nodes it has, and where.
fn structure(tag: &StructureTag) -> String {
    let inner = match &tag.payload {
        PL::P(_) => String::new(),
        PL::C(inner) => inner.iter().map(structure).collect(),
    };
    format!("{:?}{}({inner})", tag.class, tag.id)
}

fn values(tag: &StructureTag) -> Vec<Vec<u8>> {
    match &tag.payload {
        PL::P(value) => vec![value.clone()],
        PL::C(inner) => inner.iter().flat_map(values).collect(),
    }
}

#[test]
fn spellings_that_are_read() {
    for (text, canonical) in [
        ("(uid=${account})", "(uid=x)"),
        ("uid=${account}", "(uid=x)"),
        (" ( uid = ${account}) ", "(uid= x)"),
        ("((uid=${account}))", "(uid=x)"),
        ("(((uid=${account})))", "(uid=x)"),
        ("&(uid=${account})(a=b)", "(&(uid=x)(a=b))"),
        ("(& (uid=${account})\n  (a=b) )", "(&(uid=x)(a=b))"),
        ("(|(uid=${account})(mail=${account}@example.com))", "(|(uid=x)(mail=x@example.com))"),
        ("(!(uid=${account}))", "(!(uid=x))"),
        (
            "(&(uid=${account})(!uac:1.2.840.113556.1.4.803:=2))",
            "(&(uid=x)(!(uac:1.2.840.113556.1.4.803:=2)))",
        ),
        ("(&(uid=${account})(! (a=b)))", "(&(uid=x)(!(a=b)))"),
        ("(uid=${account}*)", "(uid=x*)"),
        ("(uid=***a**${account}**)", "(uid=*a*x*)"),
        ("(&(uid=*)(a>=1)(b<=2)(c~=${account}))", "(&(uid=*)(a>=1)(b<=2)(c~=x))"),
        ("(ou:DN:=${account})", "(ou:dn:=x)"),
        ("(ou:dn:2.5.13.5:=${account})", "(ou:dn:2.5.13.5:=x)"),
        ("(:dn:2.5.13.5:=${account})", "(:dn:2.5.13.5:=x)"),
        ("(:caseExactMatch:=${account})", "(:caseExactMatch:=x)"),
        ("(uid:=${account})", "(uid:=x)"),
        ("(cn;lang-de=${account})", "(cn;lang-de=x)"),
        ("(2.5.4.3=${account})", "(2.5.4.3=x)"),
        ("(cn=a\\28b\\29\\2A\\c3\\bc ü\\00${account})", "(cn=a\\28b\\29\\2aü ü\\00x)"),
        ("(cn=\\ff${account})", "(cn=\\ffx)"),
        ("(cn=$a{b}$${account}\\24{c})", "(cn=$a{b}$x${c})"),
        ("(cn=a=b:=c${account})", "(cn=a=b:=cx)"),
        ("(&(uid=${account})(&)(|))", "(&(uid=x)(&)(|))"),
    ] {
        assert_eq!(filled(text, "x"), canonical, "{text}");
        tree(&filled(text, "x"));
    }
}

#[test]
fn what_is_no_filter() {
    let deep = |levels: usize| format!("{}(uid=${{account}}){}", "(!".repeat(levels), ")".repeat(levels));
    assert!(Template::parse(&deep(15), Place::Accounts).is_ok());
    for levels in [40, 600] {
        assert_eq!(Template::parse(&deep(levels), Place::Accounts).unwrap_err(), TemplateError::TooDeep);
    }
    let parentheses = format!("{}uid=${{account}}", "(".repeat(4000));
    assert_eq!(Template::parse(&parentheses, Place::Accounts).unwrap_err(), TemplateError::TooDeep);
    let long = format!("(uid=${{account}}{})", "a".repeat(4096));
    assert_eq!(Template::parse(&long, Place::Accounts).unwrap_err(), TemplateError::TooLong);
    for (text, said) in [
        ("", "comparison"),
        ("()", "comparison"),
        ("uid", "comparison"),
        ("(uid=${account}", "`)` is missing"),
        ("(uid=${account}))", "behind its last"),
        ("(uid=${account}) x", "behind its last"),
        ("(uid=${account})(a=b)", "two filters"),
        ("(&(uid=${account})x=y)", "`)` is missing"),
        ("(uid=${account}(a=b))", "\\28"),
        ("(!(a=b)(uid=${account}))", "`)` is missing"),
        ("(!)", "comparison"),
        ("(=${account})", "no attribute"),
        ("(ui d=${account})", "no attribute"),
        ("(ü=${account})", "no attribute"),
        ("(uid;=${account})", "no attribute"),
        ("(01.2=${account})", "no attribute"),
        ("(a_b=${account})", "no attribute"),
        ("(:=${account})", "before `:=`"),
        ("(:dn:=${account})", "before `:=`"),
        ("(a:b:c:=${account})", "before `:=`"),
        ("(a::=${account})", "before `:=`"),
        ("(uid=\\${account})", "two hex digits"),
        ("(uid=${account}\\2)", "two hex digits"),
        ("(uid=${account}\\é)", "two hex digits"),
        ("(uid=\0${account})", "NUL"),
        ("(uid>=${account}*)", "\\2a"),
        ("(uid=${account)", "`}` is missing"),
        ("(${account=a)", "`}` is missing"),
        ("(${account}=a)", "only stand in the value"),
        ("(${entry:uid}=a)", "only stand in the value"),
        ("(uid=${user})", "unknown variable `${user}`"),
        ("(uid=${Account})", "unknown variable"),
        ("(uid=${})", "unknown variable"),
        ("(uid=${entry:})", "unknown variable"),
        ("(uid=${entry:a b})", "unknown variable"),
        ("(uid=${env:HOME})", "unknown variable"),
        ("(uid=alice)", "`${account}` is missing"),
        ("(&(uid=${account})(member=${dn}))", "`${dn}` is not known yet"),
        ("(&(uid=${account})(member=${entry:uid}))", "`${entry:uid}` is not known yet"),
    ] {
        let error = Template::parse(text, Place::Accounts).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
    let error = Template::parse("(&(ä=b))", Place::OfEntry).unwrap_err().to_string();
    assert!(error.contains("at character 4"), "{error}");
}

#[test]
fn the_attributes_that_are_the_account() {
    for (text, expected) in [
        ("(uid=${account})", &["uid"][..]),
        (
            "(|(sAMAccountName=${account})(samaccountname=${account})(mail=${account}))",
            &["sAMAccountName", "mail"],
        ),
        ("(uid:=${account})", &["uid"]),
        ("(uid:caseExactMatch:=${account})", &["uid"]),
        ("(&(objectClass=person)(uid=${account}*))", &[]),
        ("(mail=${account}@example.com)", &[]),
        ("(uid=${account}${account})", &[]),
        ("(uid~=${account})", &[]),
        ("(uid>=${account})", &[]),
        ("(:caseExactMatch:=${account})", &[]),
        ("(!(uid=${account}))", &[]),
        ("(&(!(a=b))(uid=${account}))", &["uid"]),
    ] {
        assert_eq!(template(text).asserted_by_account(), expected, "{text}");
    }
}

#[test]
fn accounts_stay_values() {
    for (account, value) in [
        ("*", "\\2a"),
        ("a)(uid=*", "a\\29\\28uid=\\2a"),
        ("*)(|(uid=*", "\\2a\\29\\28|\\28uid=\\2a"),
        ("a\\2a", "a\\5c2a"),
        ("a\0b", "a\\00b"),
        ("${dn}", "${dn}"),
        ("&|!=~<>:", "&|!=~<>:"),
        (" a ", " a "),
        ("ü€", "ü€"),
    ] {
        assert_eq!(filled("(uid=${account})", account), format!("(uid={value})"));
    }
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<Vec<u8>>(),
        any::<String>().prop_map(String::into_bytes),
        "[*()\\\\\u{0}&|!=~<>:a2é\n ${}]{0,16}".prop_map(String::into_bytes),
    ]
}

/// Templates of many forms with `${account}` in them.
fn any_template() -> impl Strategy<Value = String> {
    let value = "[a-z*]{0,2}\\$\\{account\\}[a-z*]{0,2}";
    let item = prop_oneof![
        value.prop_map(|value| format!("(uid={value})")),
        Just("(uid:dn:2.5.13.5:=${account})".to_owned()),
        Just("(a>=${account})".to_owned()),
        Just("(objectClass=*)".to_owned()),
    ];
    item.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("(&{})", all.concat())),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|any| format!("( | {} )", any.join(" "))),
            inner.prop_map(|inner| format!("(!{inner})")),
        ]
    })
}

proptest! {
    #[test]
    fn an_escaped_value_is_read_back(value in any_bytes()) {
        for escaped in [escape_value(&value), escape_all(&value)] {
            prop_assert_eq!(values(&tree(&format!("(uid={escaped})"))), [b"uid".to_vec(), value.clone()]);
            prop_assert!(!escaped.chars().any(char::is_control));
        }
    }

    #[test]
    fn no_account_changes_the_structure(text in any_template(), account in any_bytes()) {
        let account = String::from_utf8_lossy(&account).into_owned();
        let template = template(&text);
        if !text.contains("${account}") {
            return Ok(());
        }
        if account.is_empty() {
            prop_assert_eq!(template.fill_account(""), None);
            return Ok(());
        }
        let fill = |account| tree(&template.fill_account(account).unwrap());
        let (example, filled) = (fill("x"), fill(&account));
        prop_assert_eq!(structure(&example), structure(&filled));
        let has_account = |value: &Vec<u8>| value.windows(account.len()).any(|part| part == account.as_bytes());
        prop_assert!(values(&filled).iter().any(has_account));
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), raw in "[()&|!=*\\\\:~<>a2 ]{0,6}(\\$\\{account\\})?[()&|!=*\\\\:~<>a2 ]{0,12}") {
        for text in [text, raw] {
            if let Ok(read) = Template::parse(&text, Place::OfEntry) {
                let filled = read.fill_account("x").unwrap();
                prop_assert_eq!(template(&filled).fill_account("y").unwrap(), filled);
            }
        }
    }
}
