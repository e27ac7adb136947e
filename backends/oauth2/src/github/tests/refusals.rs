use dockgate_api::{BackendError, HttpResponse, ReasonCode};
use serde_json::json;

use super::{TEAMS, TOKEN, USER, acme, hub, member, membership, stranger};

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> HttpResponse {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    HttpResponse::new(status, headers.collect(), body.as_bytes().to_vec())
}

#[tokio::test]
async fn whoever_is_no_active_member_is_refused() {
    let place = acme();
    stranger(&place, "acme");
    assert_eq!(place.denied().await.code, ReasonCode::NotMember);
    for state in ["pending", "", "ACTIVE"] {
        member(&place, "acme", state);
        let refused = place.denied().await;
        assert_eq!(refused.code, ReasonCode::NotMember);
        assert!(refused.detail.contains("accept the invitation"), "{}", refused.detail);
    }
    let other = json!({"state": "active", "organization": {"login": "others"}}).to_string();
    place.http.json("GET", &membership("acme"), 200, &other);
    assert!(matches!(place.failed().await, BackendError::Protocol(_)));
}

#[tokio::test]
async fn a_suspended_account_is_refused() {
    let place = acme();
    place.http.json("GET", USER, 403, r#"{"message": "Sorry. Your account was suspended."}"#);
    assert_eq!(place.denied().await.code, ReasonCode::Disabled);
}

#[tokio::test]
async fn an_organization_with_single_sign_on_or_without_approval_says_what_to_do() {
    let place = hub(json!({"organizations": ["acme", "labs"]}));
    let sso = [("x-github-sso", "required; url=https://github.com/orgs/acme/sso?authorization_request=AAAA")];
    let body = r#"{"message": "Resource protected by organization SAML enforcement."}"#;
    place.http.on("GET", &membership("acme"), answer(403, &sso, body));
    stranger(&place, "labs");
    let refused = place.denied().await;
    assert_eq!(refused.code, ReasonCode::Forbidden, "which is more than that they are a stranger to labs");
    assert!(
        refused.detail.contains("single sign-on") && refused.detail.contains("/sso"),
        "{}",
        refused.detail
    );
    assert!(!refused.detail.contains("AAAA"));

    let body = r#"{"message": "the `acme` organization has enabled OAuth App access restrictions"}"#;
    place.http.on("GET", &membership("acme"), answer(403, &[], body));
    let refused = place.denied().await;
    assert_eq!(refused.code, ReasonCode::Forbidden);
    assert!(refused.detail.contains("an owner of the organization has to approve"), "{}", refused.detail);

    // The other one will do.
    member(&place, "labs", "active");
    place.allowed().await;

    let place = acme();
    place.http.on("GET", TEAMS, answer(403, &sso, body));
    assert_eq!(place.denied().await.code, ReasonCode::Forbidden);
}

#[tokio::test]
async fn a_code_that_is_none_is_a_refusal_and_what_is_wrong_with_us_is_an_error() {
    let place = acme();
    let written =
        |word: &str| format!(r#"{{"error": "{word}", "error_description": "code-canary is wrong"}}"#);
    // GitHub's own way is status 200.
    for status in [200, 400, 401] {
        for word in ["bad_verification_code", "invalid_grant", "access_denied"] {
            place.http.json("POST", TOKEN, status, &written(word));
            let refused = place.denied().await;
            assert_eq!(refused.code, ReasonCode::BadCredentials);
            assert!(refused.detail.contains(word));
        }
        for (word, cure) in [
            ("incorrect_client_credentials", "correct `client_id`"),
            ("invalid_client", "correct `client_id`"),
            ("redirect_uri_mismatch", "register this server's there"),
            ("application_suspended", "application_suspended"),
        ] {
            place.http.json("POST", TOKEN, status, &written(word));
            let error = place.failed().await;
            assert!(matches!(error, BackendError::Protocol(_)));
            assert!(error.to_string().contains(cure), "{error}");
        }
        place.http.json("POST", TOKEN, status, &written("temporarily_unavailable"));
        assert!(matches!(place.failed().await, BackendError::Unavailable(_)));
    }
}

#[tokio::test]
async fn a_token_that_is_refused_at_once_signs_nobody_in() {
    let place = acme();
    place.http.json("GET", USER, 401, r#"{"message": "Bad credentials"}"#);
    assert_eq!(place.denied().await.code, ReasonCode::BadCredentials);
}
