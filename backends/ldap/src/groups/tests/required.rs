//! Who gets in.

use dockgate_api::ReasonCode;

use super::super::{Group, Required};

fn group(dn: &str, name: Option<&str>) -> Group {
    Group { dn: dn.to_owned(), name: name.map(str::to_owned) }
}

fn required(written: &[&str]) -> Required {
    Required::new(written.iter().map(|&written| written.to_owned()))
}

#[test]
fn one_of_them_will_do_by_name_or_by_dn() {
    let groups = [
        group("CN=Registry Users,OU=Groups,DC=example,DC=com", Some("Registry Users")),
        group("cn=c,dc=example,dc=com", Some("c, as it is described")),
        group(r"cn=a\,b,dc=example,dc=com", Some(r"cn=a\,b,dc=example,dc=com")),
        group("cn=unnamed,dc=example,dc=com", None),
    ];
    for written in [
        "registry users",
        "REGISTRY  USERS",
        "cn=registry users, ou=groups,dc=example,dc=com",
        "c, as it is described",
        "A,B",
        "cn=unnamed,dc=example,dc=com",
    ] {
        assert!(required(&[written]).check(&groups).is_ok(), "{written}");
        assert!(required(&["nobody", written]).check(&groups).is_ok(), "{written}");
    }
    for written in [
        "registry",
        "users",
        "*",
        "c",
        "unnamed",
        "registry users,ou=groups,dc=example,dc=com",
        "cn=registry users",
        "cn=registry users,ou=groups,dc=example,dc=com,dc=evil",
        "",
    ] {
        assert!(required(&[written]).check(&groups).is_err(), "{written}");
    }
    assert!(required(&[]).check(&[]).is_ok(), "nothing is required");
}

#[test]
fn the_refusal_says_what_is_required_and_what_is_there() {
    let many: Vec<Group> =
        (0..10_000).map(|number| group(&format!("cn=group-{number}"), Some("a"))).collect();
    let reason = required(&["admins", "cn=ops,dc=x"]).check(&many).unwrap_err();
    assert_eq!(reason.code, ReasonCode::NotMember);
    assert!(
        reason.detail.contains("(admins; cn=ops,dc=x)") && reason.detail.contains("cn=group-0;"),
        "{reason}"
    );
    assert!(reason.detail.ends_with("and 9980 more") && reason.detail.len() < 1_000, "{reason}");
    let reason = required(&["admins"]).check(&[]).unwrap_err();
    assert!(reason.detail.ends_with("the account's groups: none"), "{reason}");
}
