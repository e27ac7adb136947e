//! What is known of a provider, and for how long.

use std::sync::Mutex;
use std::time::Duration;

use dockgate_api::{
    BackendError, Call, Health, HttpClient, HttpResponse, HttpSettings, HttpSettingsError, Outbound,
    async_trait,
};

use super::*;

async fn redirected(op: &Op, link: &Arc<dyn Authenticator>) -> Result<String, BackendError> {
    flow(link).redirect(&op.world.call(), &going()).await.map(|redirect| redirect.url)
}

#[tokio::test]
async fn nothing_is_asked_before_it_is_needed_and_then_once() {
    let op = Op::new();
    let link = op.link(json!({}));
    assert!(op.http.take_urls().is_empty());
    let call = op.world.call();
    let request = going();
    let (one, two) =
        tokio::join!(flow(&link).redirect(&call, &request), flow(&link).redirect(&call, &request));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(op.http.take_urls(), [format!("GET {DISCOVERY}"), format!("GET {KEYS}")]);
    op.world.clock.turn(Duration::from_secs(3599));
    redirected(&op, &link).await.unwrap();
    assert!(op.http.take_urls().is_empty());
    op.world.clock.turn(Duration::from_secs(2));
    redirected(&op, &link).await.unwrap();
    assert_eq!(op.http.take_urls().len(), 2, "it is old");
}

#[tokio::test]
async fn the_last_good_answer_counts_for_a_day() {
    let op = Op::new();
    let link = op.link(json!({}));
    redirected(&op, &link).await.unwrap();
    assert_eq!(link.health(&op.world.call()).await, Health::Up);
    op.http.fail("GET", DISCOVERY, BackendError::Unavailable("down".to_owned()));
    op.world.clock.turn(Duration::from_hours(2));
    redirected(&op, &link).await.unwrap();
    assert!(matches!(link.health(&op.world.call()).await, Health::Degraded(_)));
    op.http.take_urls();
    redirected(&op, &link).await.unwrap();
    assert!(op.http.take_urls().is_empty(), "it failed a moment ago");
    op.world.clock.turn(Duration::from_hours(23));
    let error = redirected(&op, &link).await.unwrap_err();
    assert_eq!(error, BackendError::Unavailable("down".to_owned()));
    op.discovered(json!({}));
    op.world.clock.turn(Duration::from_secs(6));
    redirected(&op, &link).await.unwrap();
    assert_eq!(link.health(&op.world.call()).await, Health::Up);
}

#[tokio::test]
async fn a_provider_that_was_never_there_is_asked_again_soon() {
    let op = Op::new();
    op.http.json("GET", DISCOVERY, 502, "{}");
    let link = op.link(json!({}));
    assert!(matches!(redirected(&op, &link).await, Err(BackendError::Unavailable(_))));
    assert!(matches!(link.health(&op.world.call()).await, Health::Down(_)));
    op.discovered(json!({}));
    assert!(redirected(&op, &link).await.is_err(), "it failed a moment ago");
    op.world.clock.turn(Duration::from_secs(5));
    redirected(&op, &link).await.unwrap();
}

#[tokio::test]
async fn a_document_that_leads_elsewhere_is_not_taken() {
    for (more, why) in [
        (json!({"issuer": "https://evil.example.com"}), "its issuer is `https://evil.example.com`"),
        (json!({"issuer": "https://op.example.com/"}), "to the last slash"),
        (json!({"issuer": null}), "an endpoint is missing"),
        (json!({"token_endpoint": "http://op.example.com/token"}), "`token_endpoint` is no https URL"),
        (json!({"token_endpoint": "http://127.0.0.1/token"}), "`token_endpoint` is no https URL"),
        (
            json!({"authorization_endpoint": "javascript:alert(1)"}),
            "`authorization_endpoint` is no https URL",
        ),
        (json!({"jwks_uri": "http://op.example.com/keys"}), "`jwks_uri` is no https URL"),
        (json!({"userinfo_endpoint": "http://op.example.com/u"}), "`userinfo_endpoint` is no https URL"),
        (json!({"end_session_endpoint": "ftp://op.example.com/"}), "`end_session_endpoint` is no https URL"),
        (json!({"token_endpoint": "https://user@op.example.com/token"}), "`token_endpoint` is no https URL"),
        (json!({"jwks_uri": null}), "an endpoint is missing"),
    ] {
        let op = Op::new();
        op.discovered(more.clone());
        let error = redirected(&op, &op.link(json!({}))).await.unwrap_err().to_string();
        assert!(error.contains(why), "{more}: {error}");
    }
}

#[tokio::test]
async fn what_is_no_document_is_not_repeated() {
    for (url, body) in
        [(DISCOVERY, "Secret"), (DISCOVERY, "[]"), (KEYS, "{\"keys\": \"Secret\"}"), (KEYS, "Secret")]
    {
        let op = Op::new();
        op.http.json("GET", url, 200, body);
        let error = redirected(&op, &op.link(json!({}))).await.unwrap_err();
        assert!(matches!(&error, BackendError::Protocol(_)), "{error}");
        assert!(!error.to_string().contains("Secret"), "{error}");
    }
}

#[tokio::test]
async fn new_keys_are_found_and_odd_ones_beside_them_do_no_harm() {
    let op = Op::new();
    let link = op.link(json!({}));
    op.signed(json!({}));
    allowed(op.complete(&link).await);
    op.world.clock.turn(Duration::from_secs(31));
    // The same id, another key; another id; and kinds that nobody knows.
    for id in ["one", "two"] {
        let next = Key::new(id);
        op.keys(&[json!({"kty": "odd", "kid": 1}), next.public(), json!({})]);
        op.tokens(&next.sign(&claims(json!({}))), json!({}));
        allowed(op.complete(&link).await);
        op.world.clock.turn(Duration::from_secs(31));
    }
}

#[tokio::test]
async fn what_is_known_outlives_a_reload_of_the_configuration() {
    let op = Op::new();
    let cx =
        op.world.build_context().with_outbound(Arc::new(op.http.clone())).for_link("corp", Dialect::Native);
    let section =
        json!({"issuer": ISSUER, "client_id": "a", "client_secret": "b", "email_domains": ["example.com"]});
    let build = || {
        let config: OidcAuthConfig = serde_json::from_value(section.clone()).unwrap();
        config.build(&cx).unwrap_or_else(|error| panic!("{error}"))
    };
    let old = build();
    redirected(&op, &old).await.unwrap();
    op.http.take_urls();
    let new = build();
    drop(old);
    redirected(&op, &new).await.unwrap();
    assert!(op.http.take_urls().is_empty());
}

/// Takes its time, and notes how much each question was given and how long its answer may be.
#[derive(Clone)]
struct Slow {
    http: ScriptedHttp,
    asked: Arc<Mutex<Vec<(Duration, usize)>>>,
}

#[async_trait]
impl HttpClient for Slow {
    async fn send(&self, cx: &Call, request: HttpRequest) -> Result<HttpResponse, BackendError> {
        self.asked.lock().unwrap().push((cx.remaining(), request.max_response));
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        self.http.send(cx, request).await
    }
}

impl Outbound for Slow {
    fn client(&self, _: HttpSettings) -> Result<Arc<dyn HttpClient>, HttpSettingsError> {
        Ok(Arc::new(self.clone()))
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

#[tokio::test]
async fn many_who_come_at_once_wait_for_one_answer_and_each_question_is_bounded() {
    let op = Op::new();
    let slow = Slow { http: op.http.clone(), asked: Arc::default() };
    let cx = op.world.build_context().with_outbound(Arc::new(slow.clone())).for_link("corp", Dialect::Native);
    let section = json!({
        "issuer": ISSUER, "client_id": "a", "client_secret": "b", "email_domains": ["example.com"], "http_timeout": "3s",
        "groups": {},
    });
    let config: OidcAuthConfig = serde_json::from_value(section).unwrap();
    let link = config.build(&cx).unwrap_or_else(|error| panic!("{error}"));
    let (one, two, three) =
        tokio::join!(redirected(&op, &link), redirected(&op, &link), redirected(&op, &link));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!(op.http.take_urls().len(), 2);
    op.tokens(&op.key.sign(&claims(json!({"aud": "a"}))), json!({}));
    op.userinfo(json!({"sub": "subject-1"}));
    allowed(op.complete(&link).await);
    let asked = slow.asked.lock().unwrap();
    assert_eq!(asked.len(), 4, "document, keys, tokens, userinfo");
    for (time, longest) in asked.iter() {
        assert!(*time <= Duration::from_secs(3) && *longest <= 1024 * 1024, "{time:?} {longest}");
    }
}
