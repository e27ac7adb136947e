use std::time::{Duration, SystemTime};

use dockgate_api::{BackendError, Clock as _, Health, HttpResponse};

use super::{TEAMS, TOKEN, USER, acme, membership};
use crate::testing::Place;

fn everywhere() -> [(&'static str, String); 4] {
    [
        ("POST", TOKEN.to_owned()),
        ("GET", USER.to_owned()),
        ("GET", membership("acme")),
        ("GET", TEAMS.to_owned()),
    ]
}

fn limited(place: &Place, status: u16, headers: &[(&str, String)], body: &str) {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    place.http.on("GET", USER, HttpResponse::new(status, headers, body.as_bytes().to_vec()));
}

async fn wait(place: &Place) -> Duration {
    match place.failed().await {
        BackendError::Overloaded { retry_after, .. } => retry_after,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn nobody_is_refused_because_github_is_in_trouble() {
    for (method, url) in everywhere() {
        let place = acme();
        for status in [500, 502, 503, 504] {
            place.http.json(method, &url, status, r#"{"message": "Not Found", "error": "invalid_grant"}"#);
            assert!(matches!(place.failed().await, BackendError::Unavailable(_)), "{url} {status}");
        }
        for error in [
            BackendError::Unavailable("no connection".to_owned()),
            BackendError::Timeout("too late".to_owned()),
            BackendError::Protocol("half of it".to_owned()),
        ] {
            place.http.fail(method, &url, error.clone());
            assert_eq!(place.failed().await, error, "{url}");
            let told = Health::Degraded(format!("the last question failed: {error}"));
            assert_eq!(place.backend.health(&place.world.call()).await, told);
        }
    }
}

#[tokio::test]
async fn nonsense_and_what_somebody_on_the_way_says_decide_nothing() {
    for (method, url) in everywhere() {
        let place = acme();
        for (status, body) in [
            (200, ""),
            (200, "<html>canary"),
            (200, "null"),
            (200, r#"{"login": 7, "canary": 1}"#),
            (200, r#"[{"slug": "canary"}]"#),
            (301, r#"{"message": "Moved Permanently"}"#),
            (418, r#"{"message": "canary"}"#),
            (401, "<html>"),
            (403, "<html>"),
            (404, "<html>"),
            (404, ""),
        ] {
            place.http.on(method, &url, HttpResponse::new(status, Vec::new(), body.as_bytes().to_vec()));
            let error = place.failed().await;
            assert!(matches!(error, BackendError::Protocol(_)), "{url} {status} {body}: {error}");
        }
    }
    let place = acme();
    for login in ["", "a b", "a/b", "a:b", "\u{7}"] {
        place.http.json("GET", USER, 200, &serde_json::json!({"login": login, "id": 7}).to_string());
        assert!(matches!(place.failed().await, BackendError::Protocol(_)), "{login:?}");
    }
    place.http.json("GET", USER, 403, r#"{"message": "Resource not accessible by integration"}"#);
    assert!(place.failed().await.to_string().contains("read:org"));
}

#[tokio::test]
async fn a_limit_is_respected_for_as_long_as_it_lasts() {
    let noon = acme().world.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let used_up = |at: u64| {
        vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", (noon + at).to_string())]
    };
    let said = "{\"message\": \"something\"}";
    for (status, headers, body, seconds) in [
        (403, used_up(90), said, 90),
        (429, used_up(90), said, 90),
        (403, vec![("retry-after", "30".to_owned())], said, 30),
        (429, vec![("retry-after", "30".to_owned())], said, 30),
        (429, vec![], "", 60),
        (403, vec![], r#"{"message": "You have exceeded a secondary rate limit."}"#, 60),
        (429, vec![("retry-after", "Fri, 01 Jan 2027 00:00:00 GMT".to_owned())], said, 60),
        (429, vec![("retry-after", "99999999999".to_owned())], said, 3600),
        (429, vec![("retry-after", "0".to_owned())], said, 1),
    ] {
        let place = acme();
        limited(&place, status, &headers, body);
        assert_eq!(wait(&place).await, Duration::from_secs(seconds), "{headers:?}");
        super::acme_user(&place);
        place.http.take_asked();
        place.world.clock.turn(Duration::from_millis(seconds * 1000 - 1));
        assert_eq!(wait(&place).await, Duration::from_millis(1));
        assert_eq!(place.http.take_urls(), [format!("POST {TOKEN}")], "nothing is asked with this token");
        place.world.clock.turn(Duration::from_millis(1));
        place.allowed().await;
    }
}

#[tokio::test]
async fn one_persons_limit_is_not_anothers() {
    let place = acme();
    limited(&place, 429, &[("retry-after", "30".to_owned())], "");
    wait(&place).await;
    assert_eq!(place.backend.health(&place.world.call()).await, Health::Up);
    super::acme_user(&place);
    place.http.json("POST", TOKEN, 200, r#"{"access_token": "another-canary", "token_type": "bearer"}"#);
    place.allowed().await;
}

#[tokio::test]
async fn where_we_are_limited_ourselves_nobody_signs_in_for_so_long() {
    let place = acme();
    let headers = vec![("retry-after".to_owned(), "30".to_owned())];
    place.http.on("POST", TOKEN, HttpResponse::new(429, headers, Vec::new()));
    assert_eq!(wait(&place).await, Duration::from_secs(30));
    assert!(matches!(place.backend.health(&place.world.call()).await, Health::Degraded(_)));
    place.http.take_asked();
    wait(&place).await;
    assert!(place.http.take_urls().is_empty());
    // A clock that is set back does not make it longer.
    place.world.clock.set(place.world.clock.now() - Duration::from_secs(3600));
    place.http.json("POST", TOKEN, 200, r#"{"access_token": "token-canary", "token_type": "bearer"}"#);
    place.allowed().await;
}

#[tokio::test]
async fn an_answer_after_trouble_is_health_and_everything_is_counted() {
    let place = acme();
    place.http.json("GET", USER, 500, "");
    place.failed().await;
    super::acme_user(&place);
    place.allowed().await;
    assert_eq!(place.backend.health(&place.world.call()).await, Health::Up);
    assert_eq!(place.world.metrics.counted("dockgate_provider_requests_total"), 2 + 4);
}
