use std::time::Duration;

use dockgate_api::ReasonCode;
use serde_json::json;

use super::{TOKEN, USER, acme, groups, pair, user};
use crate::testing::{kept, labels};

const LIFE: Duration = Duration::from_secs(7200);

#[tokio::test]
async fn what_is_true_today_counts() {
    let place = acme();
    let keep = place.allowed().await.1;
    user(&place, "lovelace", 7, "active");
    groups(&place, 30, &[]);
    let (identity, same) = place.current(&keep).await;
    assert_eq!(
        (identity.subject.as_str(), identity.account.as_str()),
        ("https://git.example.com 7", "lovelace")
    );
    assert_eq!(labels(&identity, "groups_developer"), Vec::<String>::new(), "no developer any more");
    assert_eq!(labels(&identity, "groups_reporter"), ["acme"]);
    assert_eq!(kept(&same), kept(&keep));

    user(&place, "Ada", 7, "blocked");
    assert_eq!(place.gone(&keep).await.code, ReasonCode::Disabled);
    user(&place, "Ada", 8, "active");
    assert_eq!(place.gone(&keep).await.code, ReasonCode::Removed);
    user(&place, "Ada", 7, "active");
    groups(&place, 10, &["labs"]);
    assert_eq!(place.gone(&keep).await.code, ReasonCode::NotMember);
}

#[tokio::test]
async fn the_pair_is_renewed_near_its_end_and_each_time_another_is_kept() {
    let place = acme();
    let mut keep = place.allowed().await.1;
    for number in 2..5 {
        place.world.clock.turn(LIFE * 119 / 120);
        pair(&place, number);
        keep = place.current(&keep).await.1;
        assert_eq!(kept(&keep)["access_token"], format!("token-canary-{number}"));
        assert_eq!(kept(&keep)["refresh_token"], format!("refresh-canary-{number}"));
    }
}

#[tokio::test]
async fn a_new_pair_is_not_lost_when_what_follows_fails() {
    let place = acme();
    let keep = place.allowed().await.1;
    place.world.clock.turn(LIFE);
    pair(&place, 2);
    place.http.json("GET", USER, 502, "");
    assert!(place.revalidate(&keep).await.is_err());
    let handed_over = place.renewals.take().pop().unwrap();
    assert_eq!(kept(&handed_over)["refresh_token"], "refresh-canary-2");
    // GitLab ends the whole grant if a refresh token comes twice.
    place.http.json("POST", TOKEN, 400, &json!({"error": "invalid_grant"}).to_string());
    user(&place, "Ada", 7, "active");
    place.current(&handed_over).await;
}

#[tokio::test]
async fn a_refresh_that_is_refused_is_the_end_and_one_that_fails_is_not() {
    let place = acme();
    let keep = place.allowed().await.1;
    place.world.clock.turn(LIFE);
    place.http.json("POST", TOKEN, 503, "");
    assert!(place.revalidate(&keep).await.is_err());
    place.http.json("POST", TOKEN, 400, &json!({"error": "invalid_grant"}).to_string());
    assert_eq!(place.gone(&keep).await.code, ReasonCode::Removed);
}

#[tokio::test]
async fn a_token_that_was_revoked_is_the_end_where_it_cannot_be_renewed() {
    let place = acme();
    let keep = place.allowed().await.1;
    place.http.json(
        "GET",
        USER,
        401,
        r#"{"error": "invalid_token", "error_description": "Token was revoked."}"#,
    );
    place.http.json("POST", TOKEN, 400, r#"{"error": "invalid_grant"}"#);
    assert_eq!(place.gone(&keep).await.code, ReasonCode::Removed);
}
