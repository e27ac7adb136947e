use std::time::Duration;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, ReasonCode};
use serde_json::json;

use super::{TOKEN, USER, acme, acme_user, member, stranger, team, teams};
use crate::testing::{Place, form, kept, labels};

const DENIED: &str = r#"{"message": "Bad credentials"}"#;

fn pair(place: &Place, number: u32) {
    let document = json!({
        "access_token": format!("token-canary-{number}"), "expires_in": 28800, "token_type": "bearer", "scope": "",
        "refresh_token": format!("refresh-canary-{number}"), "refresh_token_expires_in": 15_897_600,
    });
    place.http.json("POST", TOKEN, 200, &document.to_string());
}

/// Somebody who signed in to a GitHub App, whose tokens end.
async fn app() -> (Place, SecretString) {
    let place = acme();
    pair(&place, 1);
    let keep = place.allowed().await.1;
    pair(&place, 2);
    place.http.take_asked();
    (place, keep)
}

fn refresh_tokens(place: &Place) -> Vec<String> {
    let asked = place.http.take_asked();
    let refreshes = asked.iter().filter(|request| request.url == TOKEN).map(form);
    refreshes.filter_map(|form| form.get("refresh_token").cloned()).collect()
}

#[tokio::test]
async fn what_is_true_today_counts() {
    let place = acme();
    let keep = place.allowed().await.1;
    place.http.take_asked();
    place.http.json("GET", USER, 200, r#"{"login": "lovelace", "id": 7}"#);
    teams(&place, &[team("acme", "web", None)]);
    let (identity, keep_on) = place.current(&keep).await;
    assert_eq!(
        (identity.subject.as_str(), identity.account.as_str()),
        ("https://api.github.com 7", "lovelace")
    );
    assert_eq!(labels(&identity, "teams"), ["acme/web", "web"]);
    assert_eq!(kept(&keep_on), kept(&keep));
    assert!(place.http.take_urls().iter().all(|url| url.starts_with("GET ")));
}

#[tokio::test]
async fn a_token_that_is_revoked_and_a_membership_that_ended_are_the_end() {
    let place = acme();
    let keep = place.allowed().await.1;
    place.http.json("GET", USER, 401, DENIED);
    assert_eq!(place.gone(&keep).await.code, ReasonCode::Removed);
    place.http.json("GET", USER, 403, r#"{"message": "Sorry. Your account was suspended"}"#);
    assert_eq!(place.gone(&keep).await.code, ReasonCode::Disabled);
    acme_user(&place);
    stranger(&place, "acme");
    assert_eq!(place.gone(&keep).await.code, ReasonCode::NotMember);
    member(&place, "acme", "pending");
    assert_eq!(place.gone(&keep).await.code, ReasonCode::NotMember);
    member(&place, "acme", "active");
    place.http.json("GET", USER, 200, r#"{"login": "Ada", "id": 8}"#);
    assert_eq!(place.gone(&keep).await.code, ReasonCode::Removed, "another person of the same name");
    acme_user(&place);
    place.current(&keep).await;
}

#[tokio::test]
async fn trouble_is_not_the_end() {
    let place = acme();
    let keep = place.allowed().await.1;
    for status in [500, 503, 429] {
        place.http.json("GET", USER, status, "{}");
        assert!(place.revalidate(&keep).await.is_err());
        place.world.clock.turn(Duration::from_secs(60));
    }
    place.http.json("GET", USER, 401, "<html>");
    assert!(place.revalidate(&keep).await.is_err(), "not GitHub's own");
    for strange in ["", "{}", "null", r#"{"v": 2, "subject": "7", "access_token": "a"}"#] {
        let error = place.revalidate(&strange.into()).await.unwrap_err();
        assert!(matches!(error, BackendError::Protocol(_)), "{strange}");
    }
}

#[tokio::test]
async fn tokens_that_end_are_renewed_in_time_and_the_new_pair_is_kept() {
    let (place, keep) = app().await;
    place.world.clock.turn(Duration::from_secs(28800 - 300));
    let (_, same) = place.current(&keep).await;
    assert_eq!(kept(&same), kept(&keep), "five minutes are enough");
    assert!(refresh_tokens(&place).is_empty());
    place.world.clock.turn(Duration::from_secs(1));
    let (_, renewed) = place.current(&keep).await;
    assert_eq!(refresh_tokens(&place), ["refresh-canary-1"]);
    let renewed = kept(&renewed);
    assert_eq!(renewed["access_token"], "token-canary-2");
    assert_eq!(renewed["refresh_token"], "refresh-canary-2");
    assert_eq!(renewed["subject"], "https://api.github.com 7");
}

#[tokio::test]
async fn a_new_pair_is_not_lost_when_what_follows_fails() {
    let (place, keep) = app().await;
    place.world.clock.turn(Duration::from_secs(28800));
    place.http.json("GET", USER, 500, "");
    assert!(place.revalidate(&keep).await.is_err());
    assert_eq!(refresh_tokens(&place), ["refresh-canary-1"]);
    let handed_over = place.renewals.take().pop().unwrap();
    assert_eq!(kept(&handed_over)["refresh_token"], "refresh-canary-2");
    // GitHub takes a refresh token once.
    place.http.json("POST", TOKEN, 200, r#"{"error": "bad_refresh_token"}"#);
    acme_user(&place);
    let (_, renewed) = place.current(&handed_over).await;
    assert!(refresh_tokens(&place).is_empty(), "these are good for hours");
    assert_eq!(kept(&renewed), kept(&handed_over));
    assert!(place.renewals.take().is_empty());
}

#[tokio::test]
async fn a_token_that_is_refused_early_is_renewed_once() {
    let (place, keep) = app().await;
    place.http.json("GET", USER, 401, DENIED);
    assert_eq!(place.gone(&keep).await.code, ReasonCode::Removed);
    assert_eq!(refresh_tokens(&place), ["refresh-canary-1"]);
    assert_eq!(place.http.take_urls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_refresh_that_is_refused_is_the_end_and_one_that_fails_is_not() {
    let (place, keep) = app().await;
    place.world.clock.turn(Duration::from_secs(28800));
    place.http.json("POST", TOKEN, 200, r#"{"error": "bad_refresh_token"}"#);
    assert_eq!(place.gone(&keep).await.code, ReasonCode::Removed);
    place.http.json("POST", TOKEN, 502, "");
    assert!(place.revalidate(&keep).await.is_err());
    place.http.json("POST", TOKEN, 200, r#"{"error": "incorrect_client_credentials"}"#);
    assert!(place.revalidate(&keep).await.is_err(), "that is our own fault");
}
