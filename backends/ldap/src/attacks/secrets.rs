//! What nobody may see, and passwords that prove nothing.

use super::*;

#[tokio::test]
async fn a_password_that_some_directories_take_for_none_is_never_sent() {
    let server = directory().start().await;
    let by_search = link(section(&server, json!({})));
    let as_user = link(section(
        &server,
        json!({
            "bind_dn": "uid=${account},ou=people,dc=example,dc=com",
            "bind_password": null,
            "initial_bind_as_user": true,
        }),
    ));
    for link in [by_search, as_user] {
        for password in ["", "\0", "\0\0", "\0alice-password", "alice-password\0", "alice-password\0junk"] {
            link.unknown("alice", password).await;
        }
    }
    assert!(server.binds().iter().all(|bind| bind.name == SERVICE));
}

#[tokio::test]
async fn what_passwords_are_kept_as_becomes_nothing_that_is_shown() {
    let server = directory().start().await;
    for secret in ["userPassword", "USERPASSWORD;x-a", "unicodePwd", "krbPrincipalKey", "sambaNTPassword"] {
        for (changes, key) in [
            (json!({"labels": {"x": {"attribute": secret}}}), "labels.x.attribute"),
            (json!({"account_attribute": secret}), "account_attribute"),
            (json!({"subject_attribute": secret}), "subject_attribute"),
        ] {
            let error = refused(section(&server, changes));
            assert!(error.contains(key) && error.contains("secret"), "{error}");
        }
    }
    for changes in
        [json!({"groups": {"member_of": "userPassword"}}), json!({"groups": {"name": "userPassword"}})]
    {
        assert!(refused(section(&server, changes)).contains("secret"));
    }
}
