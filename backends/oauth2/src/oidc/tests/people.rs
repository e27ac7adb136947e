//! From claims to accounts and labels.

use super::*;

#[tokio::test]
async fn a_mail_address_counts_only_where_the_provider_has_verified_it() {
    let op = Op::new();
    op.userinfo(json!({"sub": "subject-1"}));
    for verified in [json!(true), json!("true")] {
        op.sign_in(json!({}), json!({"email_verified": verified})).await;
    }
    for verified in [json!(false), json!("false"), Value::Null] {
        let why = op.refused(json!({}), json!({"email_verified": verified})).await;
        assert!(why.contains("has not verified the mail address"), "{why}");
    }
    // As a label too.
    let section = json!({"user_claim": "sub", "email_domains": null, "label_claims": ["email"]});
    let why = op.refused(section.clone(), json!({"email_verified": false})).await;
    assert!(why.contains("has not verified the mail address"), "{why}");
    let identity = op.sign_in(section, json!({})).await.identity;
    assert_eq!(values(&identity, "email"), ["Alice@Example.com"]);
}

#[tokio::test]
async fn one_address_is_not_verified_by_what_is_said_of_another() {
    let op = Op::new();
    op.userinfo(json!({"sub": "subject-1", "email": "eve@evil.example", "email_verified": true}));
    let why = op.refused(json!({}), json!({"email_verified": null})).await;
    assert!(why.contains("has not verified the mail address"), "{why}");
    op.userinfo(json!({"sub": "subject-1", "email": "Alice@Example.com", "email_verified": true}));
    let identity = op.sign_in(json!({}), json!({"email_verified": null})).await.identity;
    assert_eq!(identity.account, "alice@example.com");
}

#[tokio::test]
async fn only_the_sites_domains_have_accounts() {
    let op = Op::new();
    let section = || json!({"email_domains": ["Example.com", "example.org"]});
    for mail in ["a@evil.example", "a@sub.example.com", "a@example.com.evil.example", "a@xexample.com"] {
        let why = op.refused(section(), json!({"email": mail})).await;
        assert!(why.contains("not among `email_domains`"), "{why}");
    }
    for mail in ["example.com", "@example.com", "a@b@example.com", "a@"] {
        let why = op.refused(section(), json!({"email": mail})).await;
        assert!(why.contains("is no mail address"), "{why}");
    }
    assert_eq!(
        op.sign_in(section(), json!({"email": "B@EXAMPLE.ORG"})).await.identity.account,
        "b@example.org"
    );
    // Another claim may look like an address.
    let section = json!({"user_claim": "preferred_username", "email_domains": ["example.com"]});
    let why = op.refused(section.clone(), json!({"preferred_username": "a@evil.example"})).await;
    assert!(why.contains("not among `email_domains`"), "{why}");
    let identity = op.sign_in(section, json!({"preferred_username": "alice"})).await.identity;
    assert_eq!(identity.account, "alice");
}

#[tokio::test]
async fn a_claim_that_makes_no_account_is_refused_with_the_cure() {
    let op = Op::new();
    op.userinfo(json!({"sub": "subject-1"}));
    let section = |claim: &str| json!({"user_claim": claim, "email_domains": null});
    let long = "a".repeat(256);
    for (name, why) in [
        (Value::Null, "there is no claim `login`: have the provider send it"),
        (json!(""), "`login` is empty"),
        (json!("  "), "`login` is empty"),
        (json!(7), "`login` is no text"),
        (json!(["alice"]), "`login` is no text"),
        (json!({"name": "alice"}), "`login` is no text"),
        (json!("al\nice"), "`login` makes no account"),
        (json!("al\u{0}ice"), "`login` makes no account"),
        (json!("al:ice"), "`login` makes no account"),
        (json!(" alice"), "`login` makes no account"),
        (json!(long), "`login` makes no account"),
    ] {
        let found = op.refused(section("login"), json!({"login": name})).await;
        assert!(found.contains(why), "{found}");
    }
    let found = op.refused(section("prefered_username"), json!({})).await;
    assert!(found.contains("did you mean `preferred_username`?"), "{found}");
    let identity = op.sign_in(section("user.name"), json!({"user": {"name": "alice"}})).await.identity;
    assert_eq!(identity.account, "alice");
}

#[tokio::test]
async fn the_subject_is_the_issuer_and_a_claim_that_never_changes() {
    let op = Op::new();
    let identity = op.sign_in(json!({"subject_claim": "oid"}), json!({"oid": "object-1"})).await.identity;
    assert_eq!(identity.subject, format!("{ISSUER} object-1"));
    for oid in [Value::Null, json!(""), json!(1), json!("a\nb")] {
        let why = op.refused(json!({"subject_claim": "oid"}), json!({"oid": oid})).await;
        assert!(why.contains("the claim `oid` names nobody"), "{why}");
    }
}

#[tokio::test]
async fn labels_come_from_claims_wherever_they_stand_and_are_literal() {
    let op = Op::new();
    op.userinfo(json!({"sub": "subject-1"}));
    let section = json!({
        "labels_claims": ["team", "realm_access.roles", "https://example.com/flags"],
        "labels": {"level": ["a.b", "level"]},
    });
    let claims = json!({
        "team": "core*", "realm_access": {"roles": ["${account}", "b"]}, "https://example.com/flags": [true, 7],
        "a.b": {"level": 3},
    });
    let identity = op.sign_in(section, claims).await.identity;
    assert_eq!(values(&identity, "team"), ["core*"]);
    assert_eq!(values(&identity, "realm_access.roles"), ["${account}", "b"]);
    assert_eq!(values(&identity, "https://example.com/flags"), ["true", "7"]);
    assert_eq!(values(&identity, "level"), ["3"]);
    assert_eq!(identity.labels, identity.labels.clone().into_literals());
}

#[tokio::test]
async fn groups_are_believed_where_the_section_says() {
    let op = Op::new();
    op.userinfo(json!({"sub": "subject-1", "groups": ["of-userinfo"]}));
    let signed = json!({"groups": ["of-token"]});
    for (from, wanted) in
        [(json!("id_token"), "of-token"), (json!("userinfo"), "of-userinfo"), (Value::Null, "of-token")]
    {
        let section = merged(json!({"label": "teams"}), json!({"from": from}));
        let identity = op.sign_in(json!({"groups": section}), signed.clone()).await.identity;
        assert_eq!(values(&identity, "teams"), [wanted]);
    }
    let identity = op.sign_in(json!({"groups": {"from": "id_token"}}), json!({})).await.identity;
    assert!(identity.labels.is_empty(), "userinfo does not count");
}

#[tokio::test]
async fn a_member_of_none_of_the_groups_is_refused() {
    let op = Op::new();
    op.userinfo(json!({"sub": "subject-1"}));
    let section = || json!({"groups": {}, "required_groups": ["a", "b"]});
    op.sign_in(section(), json!({"groups": ["x", "b"]})).await;
    for groups in [json!(["x"]), json!([]), Value::Null] {
        let why = op.refused(section(), json!({"groups": groups})).await;
        assert!(why.contains("`required_groups`"), "{why}");
    }
}

#[tokio::test]
async fn too_much_is_refused_as_a_whole() {
    let op = Op::new();
    op.userinfo(json!({"sub": "subject-1"}));
    let many = |count: usize| (0..count).map(|number| format!("g{number}")).collect::<Vec<_>>();
    let section = || json!({"groups": {}});
    let identity = op.sign_in(section(), json!({"groups": many(1000)})).await.identity;
    assert_eq!(values(&identity, "groups").len(), 1000);
    for (groups, why) in [
        (json!(many(1001)), "more than 1000 values"),
        (json!(["a".repeat(1025)]), "more than 1024 bytes"),
        (json!(["a\nb"]), "control characters"),
        (json!([{"name": "a"}]), "no list of texts"),
        (json!([["a"]]), "no list of texts"),
        (json!({"a": "b"}), "no list of texts"),
    ] {
        let found = op.refused(section(), json!({"groups": groups})).await;
        assert!(found.contains(why), "{found}");
    }
    // Entra ID, beyond 200 groups.
    let overage = json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph"}}});
    let why = op.refused(section(), overage).await;
    assert!(
        why.contains("too many (`_claim_names`)") && why.contains("assigned to this application"),
        "{why}"
    );
}

#[tokio::test]
async fn a_weaker_way_in_than_was_asked_for_is_refused() {
    let op = Op::new();
    let section = || json!({"acr_values": ["gold"]});
    op.sign_in(section(), json!({"acr": "gold"})).await;
    for acr in [json!("silver"), Value::Null] {
        assert!(op.refused(section(), json!({"acr": acr})).await.contains("`acr_values`"));
    }
}

#[tokio::test]
async fn userinfo_that_is_no_json_is_said_to_be_none() {
    let op = Op::new();
    op.signed(json!({}));
    let headers = vec![("Content-Type".to_owned(), "application/jwt".to_owned())];
    op.http.on("GET", USERINFO, dockgate_api::HttpResponse::new(200, headers, b"a.b.c".to_vec()));
    let link = op.link(json!({"groups": {}}));
    let error = op.complete(&link).await.unwrap_err();
    assert!(error.to_string().contains("without signed or encrypted userinfo"), "{error}");
    op.http.json("GET", USERINFO, 403, "{}");
    let error = op.complete(&link).await.unwrap_err();
    assert!(
        matches!(error, dockgate_api::BackendError::Protocol(_)),
        "the token was made a moment ago: {error}"
    );
}

#[tokio::test]
async fn what_providers_write_otherwise_does_not_spoil_a_token() {
    let op = Op::new();
    let odd = json!({
        "name": null, "locale": null, "picture": null, "address": {}, "zoneinfo": null, "gender": "other",
        "updated_at": "2026-01-01T00:00:00.000Z", "phone_number_verified": "false", "amr": ["pwd"], "website": "",
    });
    op.sign_in(json!({}), odd).await;
}
