//! The way there and back.

use super::*;

#[tokio::test]
async fn the_browser_is_sent_with_state_nonce_and_pkce() {
    let op = Op::new();
    let link =
        op.link(json!({"prompt": "login", "acr_values": ["gold", "silver"], "access_type": "offline"}));
    let url = flow(&link).redirect(&op.world.call(), &going()).await.unwrap().url;
    let url = url::Url::parse(&url).unwrap();
    assert_eq!((url.host_str(), url.path()), (Some("op.example.com"), "/authorize"));
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let wanted = [
        ("tenant", "a"),
        ("response_type", "code"),
        ("client_id", "dockgate"),
        ("redirect_uri", BACK),
        ("scope", "openid profile email"),
        ("state", "state-1"),
        ("nonce", "nonce-of-today"),
        ("code_challenge", "challenge-1"),
        ("code_challenge_method", "S256"),
        ("access_type", "offline"),
        ("prompt", "login"),
        ("acr_values", "gold silver"),
    ];
    assert_eq!(pairs, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn who_comes_back_is_the_one_in_the_id_token() {
    let op = Op::new();
    let SignIn { identity, keep, .. } = op.sign_in(json!({}), json!({})).await;
    assert_eq!(identity.account, "alice@example.com");
    assert_eq!(identity.subject, format!("{ISSUER} subject-1"));
    assert!(identity.labels.is_empty());
    assert_eq!(kept(&keep)["refresh"], "SecretRefresh1");
    assert_eq!(kept(&keep)["access"], Value::Null, "the refresh token is enough");
    let asked = op.http.take_asked();
    let token = asked.iter().find(|request| request.url == TOKEN).unwrap();
    let basic = ("authorization".to_owned(), "Basic ZG9ja2dhdGU6U2VjcmV0T2ZDbGllbnQ=".to_owned());
    assert!(token.headers.contains(&basic), "{:?}", token.headers);
    let sent = [
        ("grant_type", "authorization_code"),
        ("code", "SecretCode"),
        ("code_verifier", "SecretVerifier"),
        ("redirect_uri", BACK),
    ];
    assert_eq!(form(token), sent.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(asked.iter().all(|request| request.url != USERINFO), "the ID token says everything");
}

#[tokio::test]
async fn a_public_client_sends_its_id_and_no_secret() {
    let op = Op::new();
    op.sign_in(json!({"client_secret": null}), json!({})).await;
    let asked = op.http.take_asked();
    let token = asked.iter().find(|request| request.url == TOKEN).unwrap();
    assert!(form(token).contains(&("client_id".to_owned(), "dockgate".to_owned())));
    assert!(!token.headers.iter().any(|(name, _)| name == "authorization"), "{:?}", token.headers);
    assert!(!form(token).iter().any(|(name, _)| name == "client_secret"));
}

#[tokio::test]
async fn the_secret_goes_where_the_provider_looks_for_it() {
    for (methods, in_body) in [
        (json!(["client_secret_post"]), true),
        (json!(["client_secret_post", "client_secret_basic"]), false),
        (json!(["private_key_jwt"]), false),
    ] {
        let op = Op::new();
        op.discovered(json!({"token_endpoint_auth_methods_supported": methods}));
        op.sign_in(json!({}), json!({})).await;
        let asked = op.http.take_asked();
        let token = asked.iter().find(|request| request.url == TOKEN).unwrap();
        assert_eq!(form(token).contains(&("client_secret".to_owned(), "SecretOfClient".to_owned())), in_body);
    }
}

#[tokio::test]
async fn a_code_that_is_no_good_is_a_refusal_and_a_wrong_secret_is_none() {
    let op = Op::new();
    let link = op.link(json!({}));
    let error = json!({"error": "invalid_grant", "error_description": "used before"});
    op.http.json("POST", TOKEN, 400, &error.to_string());
    let why = denied(op.complete(&link).await);
    assert_eq!(why, "the provider refused the code: invalid_grant (used before)");
    op.http.json("POST", TOKEN, 401, &json!({"error": "invalid_client"}).to_string());
    let error = op.complete(&link).await.unwrap_err();
    assert!(error.to_string().contains("compare `client_id` and `client_secret`"), "{error}");
}

#[tokio::test]
async fn nothing_of_an_answer_and_nothing_that_was_sent_is_repeated() {
    let op = Op::new();
    let link = op.link(json!({}));
    let repeating = |said: &str| json!({"error": "invalid_request", "error_description": said}).to_string();
    for (status, body) in [
        (400, repeating("the code SecretCode is unknown")),
        (400, repeating("SecretOfClient is no client")),
        (400, repeating("SecretVerifier")),
        (400, "Secret <html>".to_owned()),
        (200, json!({"access_token": "SecretAccess"}).to_string()),
        (200, "SecretAccess".to_owned()),
        (200, json!({"access_token": "SecretAccess", "token_type": "Bearer", "id_token": "Secret.Secret.Secret"}).to_string()),
        (500, "Secret".to_owned()),
        (302, "Secret".to_owned()),
    ] {
        op.http.json("POST", TOKEN, status, &body);
        let said = match op.complete(&link).await {
            Ok(Decision::Deny(reason)) => reason.to_string(),
            Err(error) => error.to_string(),
            other => panic!("{other:?}"),
        };
        assert!(!said.contains("Secret"), "{said}");
    }
}

#[tokio::test]
async fn what_a_provider_in_trouble_says_is_no_refusal() {
    use dockgate_api::BackendError;
    let op = Op::new();
    let link = op.link(json!({}));
    op.http.json("POST", TOKEN, 503, "{}");
    assert!(matches!(op.complete(&link).await, Err(BackendError::Unavailable(_))));
    op.http.on(
        "POST",
        TOKEN,
        dockgate_api::HttpResponse::new(429, vec![("retry-after".to_owned(), "7".to_owned())], Vec::new()),
    );
    let error = op.complete(&link).await.unwrap_err();
    assert_eq!(error.retry_after().as_secs(), 7);
    op.http.fail("POST", TOKEN, BackendError::Timeout("late".to_owned()));
    assert!(matches!(op.complete(&link).await, Err(BackendError::Timeout(_))));
    op.http.json("POST", TOKEN, 200, r#"{"access_token": "a", "token_type": "Bearer"}"#);
    let error = op.complete(&link).await.unwrap_err();
    assert!(error.to_string().contains("`openid` must be among `scopes`"), "{error}");
}

#[tokio::test]
async fn signing_out_there_takes_the_id_token_along() {
    let op = Op::new();
    op.discovered(json!({"end_session_endpoint": "https://op.example.com/end"}));
    let SignIn { keep, .. } = op.sign_in(json!({}), json!({})).await;
    let cx = op.world.call();
    let back = "https://auth.example.com/";
    assert_eq!(flow(&op.link(json!({}))).sign_out(&cx, &keep, back).await, None, "nobody asked for it");
    let url = flow(&op.link(json!({"logout": true}))).sign_out(&cx, &keep, back).await.unwrap();
    let url = url::Url::parse(&url).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let hint = kept(&keep)["id_token"].as_str().unwrap().to_owned();
    let wanted =
        [("id_token_hint", hint.as_str()), ("client_id", "dockgate"), ("post_logout_redirect_uri", back)];
    assert_eq!(pairs, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // A provider without such a page.
    let other = Op::new();
    assert_eq!(flow(&other.link(json!({"logout": true}))).sign_out(&cx, &keep, back).await, None);
}
