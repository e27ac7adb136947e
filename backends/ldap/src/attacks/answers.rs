//! What a directory did not say is no answer: neither a wrong password nor a right one.

use dockgate_testkit::directory::{Answer, Mood};

use super::*;

#[tokio::test]
async fn a_server_that_does_not_have_the_entry_that_was_found_knows_no_password() {
    for code in [32, 34] {
        let server = directory().start().await;
        server.on_bind(ALICE, Answer::code(code));
        let link = link(section(&server, json!({})));
        let error = link.error("alice", "alice-password").await;
        assert!(matches!(&error, BackendError::Protocol(text) if text.contains(ALICE)), "{code}: {error}");
    }
}

#[tokio::test]
async fn one_entry_of_several_is_nobody() {
    let mallorys_other = "cn=other,ou=people,dc=example,dc=com";
    let server = directory()
        .entry(mallorys_other, [("uid", "alice"), ("cn", "other")])
        .password("mallory-password")
        .most_results(1)
        .start()
        .await;
    let link = link(section(&server, json!({})));
    for password in ["alice-password", "mallory-password", "wrong"] {
        let error = link.error("alice", password).await;
        assert!(matches!(&error, BackendError::Protocol(_)), "{error}");
    }
    server.mood_of_searches(Mood::Result(Answer::code(4)));
    let error = link.error("nobody", "x").await;
    assert!(matches!(&error, BackendError::Protocol(_)), "{error}");
}

#[tokio::test]
async fn a_tree_that_is_elsewhere_is_no_empty_tree() {
    let server = directory().referral_of_the_rest(&["ldap://127.0.0.1:1/"]).start().await;
    let elsewhere = link(section(&server, json!({"base": "ou=people,dc=example,dc=org"})));
    let error = elsewhere.error("alice", "alice-password").await;
    assert!(
        matches!(&error, BackendError::Protocol(text) if text.contains("referrals")),
        "this looked like an unknown account: {error}"
    );
    let groups = json!({"search": {"base": "ou=groups,dc=example,dc=org", "filter": "(member=${dn})"}});
    let link = link(section(&server, json!({"groups": groups})));
    let error = link.error("alice", "alice-password").await;
    assert!(matches!(&error, BackendError::Protocol(_)), "this looked like somebody without groups: {error}");
}
