//! Asking again.

use std::time::Duration;

use dockgate_api::{BackendError, Reason, ReasonCode, Revalidated};

use super::*;

async fn again(op: &Op, section: Value, keep: &SecretString) -> Result<Revalidated, BackendError> {
    flow(&op.link(section)).revalidate(&op.world.call(), keep, &op.renewals).await
}

fn current(answer: Result<Revalidated, BackendError>) -> SignIn {
    match answer {
        Ok(Revalidated::Current(sign_in)) => sign_in,
        other => panic!("{other:?}"),
    }
}

fn gone(answer: Result<Revalidated, BackendError>) -> Reason {
    match answer {
        Ok(Revalidated::Gone(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refresh_token_is_used_once_and_the_new_one_kept() {
    let op = Op::new();
    op.userinfo(json!({"sub": "subject-1"}));
    let section = || json!({"groups": {}});
    let mut keep = op.sign_in(section(), json!({"groups": ["a"]})).await.keep;
    for (sent, given, groups) in [("1", "2", vec!["a", "b"]), ("2", "3", vec![])] {
        op.http.take_asked();
        // Without a nonce, and with another mail.
        let token =
            op.key.sign(&claims(json!({"nonce": null, "groups": groups, "email": "alice2@example.com"})));
        op.tokens(&token, json!({"refresh_token": format!("SecretRefresh{given}")}));
        let now = current(again(&op, section(), &keep).await);
        assert_eq!(values(&now.identity, "groups"), groups);
        assert_eq!(now.identity.account, "alice2@example.com");
        assert_eq!(now.identity.subject, format!("{ISSUER} subject-1"));
        let asked = op.http.take_asked();
        let request = asked.iter().find(|request| request.url == TOKEN).unwrap();
        let sent =
            [("grant_type", "refresh_token".to_owned()), ("refresh_token", format!("SecretRefresh{sent}"))];
        assert_eq!(form(request), sent.map(|(name, value)| (name.to_owned(), value)));
        keep = now.keep;
        assert_eq!(kept(&keep)["refresh"], format!("SecretRefresh{given}"));
    }
    // A provider that does not rotate.
    op.tokens(&op.key.sign(&claims(json!({}))), json!({}));
    let now = current(again(&op, section(), &keep).await);
    assert_eq!(kept(&now.keep)["refresh"], "SecretRefresh3");
}

#[tokio::test]
async fn a_new_refresh_token_is_handed_over_before_anything_else_is_asked() {
    let op = Op::new();
    let section = || json!({"groups": {"from": "userinfo"}});
    op.userinfo(json!({"sub": "subject-1", "groups": ["a"]}));
    let mut keep = op.sign_in(section(), json!({})).await.keep;
    for (sent, status) in [(1, 503), (2, 401), (3, 200)] {
        op.tokens(
            &op.key.sign(&claims(json!({}))),
            json!({"refresh_token": format!("SecretRefresh{}", sent + 1)}),
        );
        op.http.json("GET", USERINFO, status, r#"{"sub": "subject-1"}"#);
        assert_eq!(again(&op, section(), &keep).await.is_err(), status != 200);
        let before = kept(&keep);
        keep = op.renewals.take().pop().unwrap();
        let mut expected = before.clone();
        expected["refresh"] = format!("SecretRefresh{}", sent + 1).into();
        assert_eq!(kept(&keep), expected, "and nothing else");
    }
    // A token that does not hold came with it: it is not believed, but the old one is used up.
    let forged = op.key.sign(&claims(json!({"aud": "another"})));
    op.tokens(&forged, json!({"refresh_token": "SecretRefresh5"}));
    assert!(again(&op, section(), &keep).await.is_err());
    let handed_over = kept(&op.renewals.take().pop().unwrap());
    assert_eq!(handed_over["refresh"], "SecretRefresh5");
    assert_eq!(handed_over["id_token"], kept(&keep)["id_token"]);
    // Nothing was used up.
    op.tokens(&op.key.sign(&claims(json!({}))), json!({}));
    current(again(&op, section(), &keep).await);
    op.tokens(&op.key.sign(&claims(json!({}))), json!({"refresh_token": kept(&keep)["refresh"]}));
    current(again(&op, section(), &keep).await);
    op.http.json("POST", TOKEN, 503, "{}");
    assert!(again(&op, section(), &keep).await.is_err());
    assert!(op.renewals.take().is_empty());
}

#[tokio::test]
async fn what_the_provider_ended_is_gone_and_what_it_cannot_say_is_not() {
    let op = Op::new();
    let keep = op.sign_in(json!({}), json!({})).await.keep;
    let error = json!({"error": "invalid_grant", "error_description": "SecretRefresh1 was revoked"});
    op.http.json("POST", TOKEN, 400, &error.to_string());
    let reason = gone(again(&op, json!({}), &keep).await);
    assert_eq!(reason.code, ReasonCode::Removed);
    assert_eq!(reason.detail, "the provider has ended the sign-in: invalid_grant");
    for (status, body) in
        [(400, r#"{"error": "invalid_client"}"#), (500, "{}"), (429, "{}"), (200, "{}"), (400, "{}")]
    {
        op.http.json("POST", TOKEN, status, body);
        let error = again(&op, json!({}), &keep).await.unwrap_err();
        assert!(!error.to_string().contains("Secret"), "{error}");
    }
    op.http.fail("POST", TOKEN, BackendError::Timeout("late".to_owned()));
    assert!(matches!(again(&op, json!({}), &keep).await, Err(BackendError::Timeout(_))));
}

#[tokio::test]
async fn who_may_not_be_here_any_more_is_gone() {
    let op = Op::new();
    let keep = op.sign_in(json!({}), json!({})).await.keep;
    op.userinfo(json!({"sub": "subject-1"}));
    for (more, why) in [
        (json!({"email": "alice@other.example"}), "`email_domains`"),
        (json!({"email_verified": false}), "has not verified"),
        (json!({"sub": "subject-2"}), "another person's"),
    ] {
        op.tokens(&op.key.sign(&claims(more)), json!({}));
        let reason = gone(again(&op, json!({}), &keep).await);
        assert!(reason.detail.contains(why), "{reason}");
    }
    // A token that does not hold says nothing about the person.
    op.tokens(&op.key.sign(&claims(json!({"aud": "another"}))), json!({}));
    assert!(matches!(again(&op, json!({}), &keep).await, Err(BackendError::Protocol(_))));
}

#[tokio::test]
async fn without_a_new_id_token_userinfo_says_what_is_so_today() {
    let op = Op::new();
    op.userinfo(json!({"sub": "subject-1"}));
    let section = || json!({"groups": {}, "labels": {"team": "team"}, "subject_claim": "oid"});
    let keep = op.sign_in(section(), json!({"groups": ["old"], "team": "old", "oid": "object-1"})).await.keep;
    op.tokens("", json!({"id_token": null, "refresh_token": "SecretRefresh2"}));
    op.userinfo(json!({"sub": "subject-1", "groups": ["new"]}));
    let now = current(again(&op, section(), &keep).await);
    assert_eq!(values(&now.identity, "groups"), ["new"]);
    assert!(values(&now.identity, "team").is_empty(), "what was so once gives no rights");
    assert_eq!(now.identity.account, "alice@example.com");
    assert_eq!(now.identity.subject, format!("{ISSUER} object-1"));
    // Of the ID token that was there, to be shown at sign-out.
    assert_eq!(kept(&now.keep)["id_token"], kept(&keep)["id_token"]);
    let error = again(&op, json!({"groups": {"from": "id_token"}}), &keep).await.unwrap_err();
    assert!(error.to_string().contains("write `from: userinfo`"), "{error}");
    op.userinfo(json!({"sub": "subject-2"}));
    assert!(matches!(again(&op, section(), &keep).await, Err(BackendError::Protocol(_))));
}

#[tokio::test]
async fn without_a_refresh_token_the_access_token_is_asked_with_while_it_lives() {
    let op = Op::new();
    op.tokens(&op.key.sign(&claims(json!({}))), json!({}));
    let SignIn { keep, .. } = allowed(op.complete(&op.link(json!({}))).await);
    assert_eq!(kept(&keep)["access"], "SecretAccess");
    op.userinfo(json!({"sub": "subject-1", "email": "Alice@Example.com", "email_verified": true}));
    op.http.take_asked();
    let now = current(again(&op, json!({}), &keep).await);
    assert_eq!(now.identity.account, "alice@example.com");
    let asked = op.http.take_asked();
    let bearer = ("authorization".to_owned(), "Bearer SecretAccess".to_owned());
    assert!(asked.iter().any(|request| request.url == USERINFO && request.headers.contains(&bearer)));
    op.http.json("GET", USERINFO, 401, "{}");
    assert_eq!(gone(again(&op, json!({}), &now.keep).await).code, ReasonCode::Removed);
    op.http.json("GET", USERINFO, 503, "{}");
    assert!(matches!(again(&op, json!({}), &now.keep).await, Err(BackendError::Unavailable(_))));
    op.world.clock.turn(Duration::from_secs(300));
    let reason = gone(again(&op, json!({}), &now.keep).await);
    assert_eq!(reason.code, ReasonCode::Expired);
    assert!(reason.detail.contains("no refresh token: ask for `offline_access`"), "{reason}");
}

#[tokio::test]
async fn huge_tokens_are_not_kept() {
    let op = Op::new();
    let token = op.key.sign(&claims(json!({"more": "a".repeat(9000)})));
    op.tokens(&token, json!({"refresh_token": "a".repeat(40_000), "access_token": "b".repeat(40_000)}));
    let SignIn { keep, .. } = allowed(op.complete(&op.link(json!({}))).await);
    assert!(keep.expose_secret().len() < 200, "{}", keep.expose_secret().len());
}

#[tokio::test]
async fn what_is_no_sign_in_of_ours_is_not_repeated() {
    let op = Op::new();
    let error = again(&op, json!({}), &"{\"subject\": \"SecretRefresh\"".into()).await.unwrap_err();
    assert!(!error.to_string().contains("Secret"), "{error}");
}
