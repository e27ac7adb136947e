use std::collections::BTreeMap;

use dockgate_api::{BackendError, Clock as _, Credential, Decision, Health, Login, ReasonCode};
use serde_json::json;

use super::{TOKEN, USER, acme, groups, lab, listed, section, user};
use crate::gitlab::GitlabAuthConfig;
use crate::testing::{CALLBACK, Place, form, kept, labels};

#[tokio::test]
async fn the_browser_is_sent_with_everything_that_binds_it() {
    let url = acme().redirect().await;
    assert!(url.as_str().starts_with("https://git.example.com/oauth/authorize?"));
    let sent: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "our-id"),
        ("state", "the state"),
        ("code_challenge", "the challenge"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", CALLBACK),
        ("scope", "read_api"),
    ] {
        assert_eq!(sent.get(name).map(String::as_str), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_person_is_the_number_and_the_account_the_name() {
    let place = acme();
    let (identity, keep) = place.allowed().await;
    assert_eq!((identity.subject.as_str(), identity.account.as_str()), ("https://git.example.com 7", "Ada"));
    let asked = place.http.take_asked();
    let exchange = form(asked.first().unwrap());
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("code", "code-canary"),
        ("code_verifier", "verifier-canary"),
        ("redirect_uri", CALLBACK),
        ("client_id", "our-id"),
        ("client_secret", "secret-canary"),
    ] {
        assert_eq!(exchange.get(name).map(String::as_str), Some(value), "{name}");
    }
    for request in asked.iter().skip(1) {
        assert!(request.headers.contains(&("authorization".to_owned(), "Bearer token-canary-1".to_owned())));
    }
    let now = place.world.clock.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let wanted = json!({
        "v": 1, "subject": "https://git.example.com 7", "access_token": "token-canary-1", "refresh_token": "refresh-canary-1",
        "expires_at": now + 7200,
    });
    assert_eq!(kept(&keep), wanted);
}

#[tokio::test]
async fn whoever_is_not_active_is_refused() {
    let place = acme();
    for state in ["blocked", "deactivated", "banned", "ldap_blocked", "blocked_pending_approval", ""] {
        user(&place, "Ada", 7, state);
        assert_eq!(place.denied().await.code, ReasonCode::Disabled, "{state}");
    }
    for (text, code) in [
        ("403 Forbidden - Your account has been blocked.", ReasonCode::Disabled),
        ("403 Forbidden - You must accept the Terms of Service", ReasonCode::Forbidden),
    ] {
        for url in [USER.to_owned(), listed(10)] {
            let place = acme();
            place.http.json("GET", &url, 403, &json!({"message": text}).to_string());
            assert_eq!(place.denied().await.code, code);
        }
    }
    place.http.json("GET", USER, 401, r#"{"message": "401 Unauthorized"}"#);
    assert_eq!(place.denied().await.code, ReasonCode::BadCredentials);
}

#[tokio::test]
async fn trouble_refuses_nobody() {
    for (method, url) in
        [("POST", TOKEN.to_owned()), ("GET", USER.to_owned()), ("GET", listed(10)), ("GET", listed(40))]
    {
        let place = acme();
        for (status, body) in [
            (200, ""),
            (200, "{}"),
            (200, "<html>"),
            (200, r#"[{"id": 7}]"#),
            (302, ""),
            (401, "<html>"),
            (403, "<html>"),
            (404, r#"{"error": "404 Not Found"}"#),
            (500, r#"{"error": "invalid_grant"}"#),
            (502, "<html>"),
        ] {
            place.http.json(method, &url, status, body);
            let error = place.failed().await;
            assert_eq!(
                matches!(error, BackendError::Unavailable(_)),
                status >= 500,
                "{url} {status}: {error}"
            );
        }
        let late = BackendError::Timeout("too late".to_owned());
        place.http.fail(method, &url, late.clone());
        assert_eq!(place.failed().await, late);
        assert!(matches!(place.backend.health(&place.world.call()).await, Health::Degraded(_)));
    }
    let place = acme();
    place.http.json("GET", USER, 403, r#"{"error": "insufficient_scope", "scope": "read_api"}"#);
    assert!(place.failed().await.to_string().contains("tick `read_api`"));
}

#[tokio::test]
async fn a_code_that_is_none_is_a_refusal() {
    let place = acme();
    place.http.json("POST", TOKEN, 400, r#"{"error": "invalid_grant", "error_description": "code-canary"}"#);
    assert_eq!(place.denied().await.code, ReasonCode::BadCredentials);
    place.http.json(
        "POST",
        TOKEN,
        401,
        r#"{"error": "invalid_client", "error_description": "secret-canary"}"#,
    );
    assert!(place.failed().await.to_string().contains("correct `client_id`"));
}

#[tokio::test]
async fn gitlab_com_is_where_nothing_else_is_said() {
    let mut section = section(json!({"organization": "acme"}));
    section.as_object_mut().unwrap().remove("gitlab_web_uri");
    let place = Place::new::<GitlabAuthConfig>(section);
    let token = "https://gitlab.com/oauth/token";
    place.http.json("POST", token, 200, r#"{"access_token": "token-canary", "token_type": "Bearer"}"#);
    place.failed().await;
    assert_eq!(
        place.http.take_urls(),
        [format!("POST {token}"), "GET https://gitlab.com/api/v4/user".to_owned()]
    );

    let place = lab(json!({"organization": "acme", "gitlab_web_uri": "https://git.example.com/lab/"}));
    let token = "https://git.example.com/lab/oauth/token";
    place.http.json("POST", token, 200, r#"{"access_token": "token-canary", "token_type": "Bearer"}"#);
    place.failed().await;
    let user = "https://git.example.com/lab/api/v4/user";
    assert_eq!(place.http.take_urls(), [format!("POST {token}"), format!("GET {user}")]);
}

#[tokio::test]
async fn without_groups_less_is_asked_for() {
    let place = lab(json!({"allow_everybody": true, "groups": false}));
    assert!(
        place.redirect().await.query_pairs().any(|(name, value)| name == "scope" && value == "read_user")
    );
    groups(&place, 10, &["acme"]);
    let identity = place.allowed().await.0;
    assert!(identity.labels.is_empty());
    assert_eq!(place.http.take_urls(), [format!("POST {TOKEN}"), format!("GET {USER}")]);

    let place = lab(json!({"allow_everybody": true}));
    assert_eq!(labels(&place.allowed().await.0, "groups"), ["acme"]);
}

#[tokio::test]
async fn passwords_are_not_its_business() {
    let place = acme();
    let login = Login::new("Ada", Credential::Password("any".into()));
    assert_eq!(place.backend.authenticate(&place.world.call(), &login).await, Ok(Decision::NoMatch));
    assert_eq!(place.backend.login_flow().unwrap().terms().title, "GitLab (git.example.com)");
    assert!(place.http.take_urls().is_empty());
}
