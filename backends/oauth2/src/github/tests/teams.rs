use dockgate_api::{BackendError, HttpResponse, ReasonCode};
use serde_json::{Value, json};

use super::{TEAMS, acme, hub, member, stranger, team, teams};
use crate::testing::labels;

fn at(organization: &str, slug: &str) -> String {
    format!("https://api.github.com/orgs/{organization}/teams/{slug}")
}

fn page(listed: &[Value], next: Option<&str>) -> HttpResponse {
    let headers =
        next.map(|next| ("link".to_owned(), format!("<{next}>; rel=\"next\", <{TEAMS}>; rel=\"first\"")));
    HttpResponse::new(200, headers.into_iter().collect(), json!(listed).to_string().into_bytes())
}

#[tokio::test]
async fn teams_carry_their_organization_and_of_the_only_one_the_short_name_too() {
    let place = acme();
    teams(&place, &[team("acme", "web", None), team("others", "admins", None)]);
    assert_eq!(labels(&place.allowed().await.0, "teams"), ["acme/web", "web"]);

    let place = hub(json!({"organizations": ["acme", "labs"]}));
    stranger(&place, "labs");
    teams(&place, &[team("acme", "web", None), team("labs", "admins", None)]);
    assert_eq!(labels(&place.allowed().await.0, "teams"), ["acme/web"], "one of two is not the only one");
    member(&place, "labs", "active");
    assert_eq!(labels(&place.allowed().await.0, "teams"), ["acme/web", "labs/admins"]);
}

#[tokio::test]
async fn whoever_is_in_a_team_is_in_all_above_it() {
    let place = acme();
    teams(&place, &[team("acme", "web", Some("frontend")), team("acme", "docs", Some("frontend"))]);
    place.http.json(
        "GET",
        &at("acme", "frontend"),
        200,
        &team("acme", "frontend", Some("engineering")).to_string(),
    );
    place.http.json("GET", &at("acme", "engineering"), 200, &team("acme", "engineering", None).to_string());
    let found = labels(&place.allowed().await.0, "teams");
    let long: Vec<&String> = found.iter().filter(|name| name.contains('/')).collect();
    assert_eq!(long, ["acme/docs", "acme/engineering", "acme/frontend", "acme/web"]);
    let asked = place.http.take_urls();
    let ancestors = asked.iter().filter(|url| url.contains("/orgs/acme/teams/")).count();
    assert_eq!(ancestors, 2, "each is asked for once");
}

#[tokio::test]
async fn a_team_that_is_not_to_be_seen_and_a_circle_end_the_way_up() {
    let place = acme();
    teams(&place, &[team("acme", "a", Some("b"))]);
    place.http.json("GET", &at("acme", "b"), 404, r#"{"message": "Not Found"}"#);
    assert_eq!(labels(&place.allowed().await.0, "teams"), ["acme/a", "a", "acme/b", "b"]);
    place.http.json("GET", &at("acme", "b"), 200, &team("acme", "b", Some("a")).to_string());
    assert_eq!(labels(&place.allowed().await.0, "teams"), ["acme/a", "a", "acme/b", "b"]);
    place.http.json("GET", &at("acme", "b"), 500, "{}");
    assert!(matches!(place.failed().await, BackendError::Unavailable(_)));
}

#[tokio::test]
async fn the_way_up_is_bounded() {
    let place = acme();
    teams(&place, &[team("acme", "t0", Some("t1"))]);
    for step in 1..200 {
        let above = format!("t{}", step + 1);
        let found = team("acme", &format!("t{step}"), Some(&above)).to_string();
        place.http.json("GET", &at("acme", &format!("t{step}")), 200, &found);
    }
    assert!(place.failed().await.to_string().contains("more than 100 ancestors"));
}

#[tokio::test]
async fn every_page_is_read() {
    let place = acme();
    let (second, third) = (format!("{TEAMS}&page=2"), format!("{TEAMS}&page=3"));
    place.http.on("GET", TEAMS, page(&[team("acme", "a", None)], Some(&second)));
    place.http.on("GET", &second, page(&[team("acme", "b", None)], Some(&third)));
    place.http.on("GET", &third, page(&[team("acme", "c", None)], None));
    assert_eq!(labels(&place.allowed().await.0, "teams"), ["acme/a", "a", "acme/b", "b", "acme/c", "c"]);
}

#[tokio::test]
async fn a_token_goes_nowhere_else_and_a_list_without_end_is_none() {
    let place = acme();
    for elsewhere in
        ["https://evil.example.com/teams", "http://api.github.com/user/teams", "https://api.github.com:444/"]
    {
        place.http.on("GET", TEAMS, page(&[], Some(elsewhere)));
        place.http.take_asked();
        let error = place.failed().await;
        assert!(error.to_string().contains("at another server"), "{error}");
        assert!(!place.http.take_urls().contains(&format!("GET {elsewhere}")));
    }
    place.http.on("GET", TEAMS, page(&[], Some(TEAMS)));
    assert!(place.failed().await.to_string().contains("more than 20 pages"));
}

#[tokio::test]
async fn names_that_could_be_others_are_refused() {
    let place = acme();
    for slug in ["", "a/b", "a b", "..", "a\n", "a?b", "a%2fb", &"a".repeat(256)] {
        teams(&place, &[team("acme", slug, None)]);
        assert!(place.failed().await.to_string().contains("impossible name"), "{slug:?}");
    }
}

#[tokio::test]
async fn where_teams_are_wanted_one_of_them_is_needed() {
    let place = hub(json!({"organizations": ["acme", "labs"], "teams": ["Acme/Web", "labs/ops"]}));
    stranger(&place, "labs");
    teams(&place, &[team("acme", "docs", None), team("labs", "ops", None)]);
    let refused = place.denied().await;
    assert_eq!(refused.code, ReasonCode::NotMember);
    assert!(refused.detail.contains("none of the teams"));
    teams(&place, &[team("acme", "web", None)]);
    place.allowed().await;

    let place = hub(json!({"organization": "acme", "teams": ["engineering"]}));
    teams(&place, &[team("acme", "web", Some("engineering"))]);
    place.http.json("GET", &at("acme", "engineering"), 200, &team("acme", "engineering", None).to_string());
    place.allowed().await;
}
