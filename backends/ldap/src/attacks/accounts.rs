//! People who may write into their own entries, and would be somebody else.

use dockgate_api::config::{KeyPath, Location, Node};
use dockgate_api::{KnownIdentity, Reloaded};

use super::*;

#[tokio::test]
async fn a_second_name_is_no_second_account() {
    let server = directory().start().await;
    server.set(MALLORY, "uid", ["mallory", "ci-bot", "a-name-before-all-others"]);
    for account_attribute in [json!(null), json!("uid")] {
        let link = link(section(&server, json!({"account_attribute": account_attribute})));
        for typed in ["mallory", "ci-bot", "A-Name-Before-All-Others"] {
            let identity = link.let_in(typed, "mallory-password").await;
            assert_eq!(identity.account, "mallory", "{typed}");
        }
    }
}

#[tokio::test]
async fn a_second_name_is_not_in_the_groups_of_another() {
    let server = directory()
        .entry("cn=admins,ou=groups,dc=example,dc=com", [("cn", "admins")])
        .values("memberUid", ["alice", "somebody-who-left"])
        .entry("cn=staff,ou=groups,dc=example,dc=com", [("cn", "staff")])
        .values("memberUid", ["mallory"])
        .start()
        .await;
    server.set(MALLORY, "uid", ["mallory", "alice", "somebody-who-left"]);
    for variable in ["account", "entry:uid"] {
        let filter = format!("(memberUid=${{{variable}}})");
        let link = link(section(&server, json!({"groups": {"search": {"filter": filter}}})));
        for typed in ["mallory", "somebody-who-left"] {
            let identity = link.let_in(typed, "mallory-password").await;
            assert_eq!(labels(&identity, "groups"), ["staff"], "{variable} {typed}");
        }
    }
}

#[tokio::test]
async fn what_was_issued_stays_with_whom_it_was_issued_for() {
    let server = directory().start().await;
    let link = link(section(&server, json!({"subject_attribute": "employeeNumber"})));
    server.set(ALICE, "employeeNumber", ["7"]);
    server.set(MALLORY, "employeeNumber", ["8"]);
    let alice = KnownIdentity::of(&link.let_in("alice", "alice-password").await);
    assert_eq!(alice.subject, "employeenumber:7");
    let current = link.backend.reload(&within(PATIENCE), &alice).await;
    assert!(matches!(current, Ok(Reloaded::Current(_))), "{current:?}");
    // Whoever has two has none: a login would be an error too.
    server.remove(ALICE);
    server.set(MALLORY, "employeeNumber", ["8", "7"]);
    let reloaded = link.backend.reload(&within(PATIENCE), &alice).await;
    assert!(matches!(reloaded, Err(BackendError::Protocol(_))), "{reloaded:?}");
    let error = link.error("mallory", "mallory-password").await;
    assert!(matches!(error, BackendError::Protocol(_)), "{error}");
}

#[tokio::test]
async fn accounts_that_would_be_more_than_text() {
    let server = directory().start().await;
    let link = link(section(&server, json!({})));
    let long = "a".repeat(100_000);
    for account in
        ["*", "a*", "alice)(uid=*", "*)(|(uid=*", "alice\0", "\0", "\\2a", "alice,dc=x", "", long.as_str()]
    {
        link.unknown(account, "alice-password").await;
    }
    for account in ["alice", "ALICE", " alice ", "Alice"] {
        assert_eq!(link.let_in(account, "alice-password").await.account, "alice");
    }
    assert!(server.binds().iter().all(|bind| [SERVICE, ALICE].contains(&bind.name.as_str())));
}

#[tokio::test]
async fn a_filter_that_leaves_the_spelling_to_whoever_types_is_warned_of() {
    let server = directory().start().await;
    for (filter, attribute, is_warned) in [
        ("(uid=${account}*)", json!(null), true),
        ("(mail=${account}@example.com)", json!(null), true),
        ("(mail=${account}@example.com)", json!("uid"), false),
        ("(uid=${account})", json!(null), false),
    ] {
        let section = section(&server, json!({"filter": filter, "account_attribute": attribute}));
        let config: LdapAuthConfig = serde_json::from_value(section).unwrap();
        let world = World::new();
        let cx = world.build_context().for_link("corp", Dialect::Native);
        let _backend = config.build(&cx).unwrap();
        let whole = Node::text(Location::unknown(), "");
        let warnings = cx.take_warnings(&whole, &KeyPath::root());
        let said = warnings.iter().any(|problem| problem.to_string().contains("account_attribute"));
        assert_eq!(said, is_warned, "{filter}: {warnings:?}");
    }
}
