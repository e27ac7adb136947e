//! What a client sees.

use std::sync::Arc;
use std::time::Duration;

use super::super::tests::{BACK, VERIFIER, asks, brought, exchange, refresh};
use super::super::{Asked, Reply};
use super::{GitLab, Level};
use crate::fakes::{TurnableClock, noon};

fn gitlab() -> GitLab {
    let gitlab = GitLab::start();
    gitlab.client("id", "secret", &[BACK]);
    gitlab.user("tanuki");
    gitlab
}

fn tokens(gitlab: &GitLab, scope: &str) -> (String, String) {
    let code = brought(&gitlab.sign_in(&asks("/oauth/authorize", scope), "tanuki"), "code").unwrap();
    pair(&exchange(gitlab.server(), "/oauth/token", &code, VERIFIER, BACK))
}

fn pair(reply: &Reply) -> (String, String) {
    let answer = reply.value();
    let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    assert_eq!(answer["expires_in"], 7200);
    (text("access_token"), text("refresh_token"))
}

fn get(gitlab: &GitLab, token: &str, path: &str) -> Reply {
    gitlab.server().visit(&Asked::new("GET", path).with("authorization", &format!("Bearer {token}")))
}

fn paths(reply: &Reply) -> Vec<String> {
    let list = reply.value();
    list.as_array().unwrap().iter().map(|group| group["full_path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn somebody_signs_in_and_is_in_groups() {
    let gitlab = gitlab();
    gitlab.join("tanuki", "acme", Level::Reporter);
    gitlab.join("tanuki", "acme/dev", Level::Developer);
    gitlab.user("stranger");
    gitlab.join("stranger", "globex", Level::Owner);
    let (token, _) = tokens(&gitlab, "read_api");
    assert_eq!(get(&gitlab, &token, "/api/v4/user").value()["username"], "tanuki");
    assert_eq!(paths(&get(&gitlab, &token, "/api/v4/groups")), ["acme", "acme/dev"]);
    assert_eq!(paths(&get(&gitlab, &token, "/api/v4/groups?min_access_level=30")), ["acme/dev"]);
    assert_eq!(paths(&get(&gitlab, &token, "/api/v4/groups?top_level_only=true")), ["acme"]);
    let member = get(&gitlab, &token, "/api/v4/groups/acme%2Fdev/members/all/1").value();
    assert_eq!((member["access_level"].as_u64(), member["username"].as_str()), (Some(30), Some("tanuki")));
    gitlab.leave("tanuki", "acme/dev");
    let member = get(&gitlab, &token, "/api/v4/groups/acme%2Fdev/members/all/1").value();
    assert_eq!(member["access_level"], 20, "what comes from above stays");
    assert_eq!(get(&gitlab, &token, "/api/v4/groups/acme%2Fdev/members/1").status, 404);
    assert_eq!(
        get(&gitlab, &token, "/api/v4/groups/globex").status,
        404,
        "private groups are not there for others"
    );
}

#[test]
fn lists_come_in_pages() {
    let gitlab = gitlab();
    (0..25).for_each(|number| gitlab.join("tanuki", &format!("group-{number:02}"), Level::Guest));
    let (token, _) = tokens(&gitlab, "read_api");
    let first = get(&gitlab, &token, "/api/v4/groups");
    assert_eq!((paths(&first).len(), first.header("x-next-page")), (20, Some("2")));
    assert!(first.header("link").unwrap().contains("page=2>; rel=\"next\""));
    let second = get(&gitlab, &token, "/api/v4/groups?page=2");
    assert_eq!((paths(&second).len(), second.header("x-next-page")), (5, Some("")));
}

#[test]
fn refresh_tokens_are_good_once_and_take_the_old_token_with_them() {
    let gitlab = gitlab();
    let clock = Arc::new(TurnableClock::at(noon()));
    gitlab.follow(clock.clone());
    let (first, refresh_1) = tokens(&gitlab, "read_api");
    let (second, refresh_2) = pair(&refresh(gitlab.server(), "/oauth/token", &refresh_1));
    assert_eq!(get(&gitlab, &first, "/api/v4/user").status, 401);
    assert_eq!(get(&gitlab, &second, "/api/v4/user").status, 200);
    let again = refresh(gitlab.server(), "/oauth/token", &refresh_1);
    assert_eq!(
        (again.status, again.value()["error"].as_str().map(str::to_owned)),
        (400, Some("invalid_grant".into()))
    );
    clock.turn(Duration::from_secs(7200));
    let expired = get(&gitlab, &second, "/api/v4/user");
    assert!(expired.status == 401 && expired.text().contains("Token is expired"), "{}", expired.text());
    let (third, refresh_3) = pair(&refresh(gitlab.server(), "/oauth/token", &refresh_2));
    gitlab.block("tanuki", true);
    assert_eq!(get(&gitlab, &third, "/api/v4/user").status, 403);
    gitlab.block("tanuki", false);
    gitlab.revoke("tanuki");
    assert!(get(&gitlab, &third, "/api/v4/user").text().contains("revoked"));
    assert_eq!(refresh(gitlab.server(), "/oauth/token", &refresh_3).status, 400);
}

#[test]
fn what_does_not_fit_is_refused() {
    let gitlab = gitlab();
    let code = || brought(&gitlab.sign_in(&asks("/oauth/authorize", "read_user"), "tanuki"), "code").unwrap();
    assert_eq!(exchange(gitlab.server(), "/oauth/token", &code(), "another", BACK).status, 400);
    assert_eq!(
        exchange(gitlab.server(), "/oauth/token", &code(), VERIFIER, "http://127.0.0.1:1/").status,
        400
    );
    let foreign = asks("/oauth/authorize", "").replace("back", "elsewhere");
    assert_eq!(gitlab.sign_in(&foreign, "tanuki").status, 400);
    let (token, _) = tokens(&gitlab, "read_user");
    assert_eq!(get(&gitlab, &token, "/api/v4/user").status, 200);
    assert_eq!(get(&gitlab, &token, "/api/v4/groups").value()["error"], "insufficient_scope");
}
