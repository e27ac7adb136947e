use dockgate_api::Resource;
use proptest::prelude::*;

use super::*;

#[test]
fn only_accounts_without_white_space_can_be_told_from_the_password() {
    for account in ["alice", "", "a.b-c_d@example.com", "\u{e9}"] {
        assert_eq!(refusal(account, &"a  pass word".into()), None, "{account:?}");
    }
    for account in [" ", "al ice", "alice ", "\talice", "a\nb", "a\u{a0}b", "a\u{2003}b", "a\0b", "a\u{7f}b"]
    {
        assert!(refusal(account, &"password".into()).is_some(), "{account:?}");
    }
}

#[test]
fn the_password_goes_in_as_it_is_if_it_is_one_line() {
    let input = credentials("alice", &" two  words ".into());
    assert_eq!(input.expose_secret(), "alice  two  words ");
    for password in ["right\n", "right\0", "right\r", "\u{1}"] {
        assert!(refusal("alice", &password.into()).is_some(), "{password:?}");
    }
}

#[test]
fn labels_are_read_as_go_reads_them() {
    let read = |output: &str| {
        labels(output.as_bytes()).map(|labels| {
            let shown = labels.iter().map(|(name, values)| {
                format!("{name}={}", values.iter().map(LabelValue::as_str).collect::<Vec<_>>().join("+"))
            });
            shown.collect::<Vec<_>>().join(" ")
        })
    };
    for (output, expected) in [
        ("", ""),
        ("null", ""),
        ("{}\n", ""),
        (r#"{"labels": null, "more": [1]}"#, ""),
        (r#"{"labels": {"a": ["x", "y"], "b": null, "c": []}}"#, "a=x+y"),
        (r#"{"Labels": {"team": ["dev"]}}"#, "team=dev"),
    ] {
        assert_eq!(read(output).as_deref(), Ok(expected), "{output}");
    }
    for output in [
        "ok",
        " ",
        "[]",
        "true",
        r#"{"labels": {"a": "x"}}"#,
        r#"{"labels": {"a": [1]}}"#,
        "{} {}",
        r#"{"labels": []}"#,
        // The key by which serde_json knows its own raw texts.
        r#"{"labels": {"$serde_json::private::RawValue": "{\"a\": [\"x\"]}"}}"#,
    ] {
        assert!(read(output).is_err(), "{output}");
    }
}

#[test]
fn a_request_is_what_docker_auth_writes() {
    let mut groups = Labels::new();
    groups.add("groups", LabelValue::Literal("R&D".into()));
    let identity = Identity::new("alice").with_labels(groups);
    let resource = Resource::repository("team/app").with_class("plugin");
    let actions = ["push", "pull"].into_iter().collect();
    let asked = AccessRequest::new(&identity, "registry", &resource, &actions)
        .from_ip(Some("::ffff:192.0.2.1".parse().unwrap()));
    assert_eq!(
        request(&asked).expose_secret(),
        r#"{"Account":"alice","Type":"repository","Name":"team/app","Service":"registry","IP":"192.0.2.1","Actions":["pull","push"],"Labels":{"groups":["R\u0026D"]}}"#
    );
    let (identity, none) = (Identity::new(""), dockgate_api::ActionSet::EMPTY);
    let asked = AccessRequest::new(&identity, "", &resource, &none);
    assert_eq!(
        request(&asked).expose_secret(),
        r#"{"Account":"","Type":"repository","Name":"team/app","Service":"","IP":"","Actions":[],"Labels":null}"#
    );
}

proptest! {
    #[test]
    fn what_is_escaped_is_the_same_text(text in any::<String>()) {
        let json = serde_json::to_string(&text).unwrap();
        let escaped = escaped(&json);
        let special = escaped.contains(['<', '>', '&', '\u{2028}', '\u{2029}']);
        prop_assert!(!special);
        prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }
}
