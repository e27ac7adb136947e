//! Names that try to be more than a name where they stand in a rule.

use crate::support::{Ask, TestServer};

/// Lets anybody in under any name: what is tried here is what a name can do in a rule.
fn granted(acl: &str, account: &str, name: &str) -> String {
    let server =
        TestServer::new(&format!("authn: [{{script_authn: {{says: allow}}}}]\nauthz: [{{acl: [{acl}]}}]"));
    let answer = server.ask(&Ask::auth().basic((account, "x")).scope(&format!("repository:{name}:pull")));
    let access = server.read(&answer).claims["access"].clone();
    access[0]["actions"].as_array().unwrap().iter().map(|action| action.as_str().unwrap()).collect()
}

#[test]
fn an_account_stands_for_itself_in_globs_and_regexes() {
    let glob = "{match: {account: '/.+/', name: '${account}/*'}, actions: [pull]}";
    let regex = "{match: {account: '/.+/', name: '/^${account}\\//'}, actions: [pull]}";
    let class = "{match: {account: '/.+/', name: '/^[${account}]\\//'}, actions: [pull]}";
    for (account, name, allowed) in [
        ("bob", "bob/app", true),
        ("bob", "alice/app", false),
        ("*", "alice/app", false),
        ("*", "*/app", true),
        ("**", "alice/app", false),
        ("?", "a/app", false),
        ("[a-z]", "a/app", false),
        (".*", "alice/app", false),
        (".*", ".*/app", true),
        ("|", "alice/app", false),
        ("a|.", "alice/app", false),
        ("\\", "alice/app", false),
        ("(?i)ALICE", "alice/app", false),
        ("\\E.*\\Q", "alice/app", false),
        ("${name}", "alice/app", false),
        ("${account}", "alice/app", false),
        ("${service}", "test-service/app", false),
        ("{alice,bob}", "alice/app", false),
    ] {
        let expected = if allowed { "pull" } else { "" };
        assert_eq!(granted(glob, account, name), expected, "{account:?} wants {name} by a glob");
        assert_eq!(granted(regex, account, name), expected, "{account:?} wants {name} by a regex");
    }
    for account in ["^b", "a-z", "]|[a", "\\w", "[:alpha:]"] {
        assert_eq!(granted(class, account, "d/app"), "", "{account:?} in a class");
    }
}

#[test]
fn captures_of_an_account_stand_for_themselves() {
    let acl = "{match: {account: '/^(.+)@example$/', name: '${account:1}/*'}, actions: [pull]}";
    for (account, name, expected) in [
        ("bob@example", "bob/app", "pull"),
        ("*@example", "alice/app", ""),
        ("[a]lice@example", "alice/app", ""),
        ("*@example", "*/app", "pull"),
        ("bob@elsewhere", "bob/app", ""),
    ] {
        assert_eq!(granted(acl, account, name), expected, "{account}");
    }
}

#[test]
fn a_repository_name_does_not_reach_into_other_rules() {
    let acl = "{match: {account: '/.+/', name: 'public/*'}, actions: [pull]}";
    for name in [
        "public/../secret",
        "public/a/b",
        "PUBLIC/a",
        "public",
        "/public/a",
        "x/public/a",
        "secret:public/a",
        "public\\/a",
    ] {
        let reached = granted(acl, "bob", name);
        // `public/..` is one more repository below public to a glob, and a name that no registry takes.
        assert_eq!(reached, "", "{name}");
    }
    assert_eq!(granted(acl, "bob", "public/a"), "pull");
}
