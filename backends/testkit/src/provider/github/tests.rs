//! What a client sees.

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::Clock as _;

use super::super::tests::{BACK, VERIFIER, asks, brought, exchange, refresh};
use super::super::{Asked, Reply};
use super::{GitHub, Limit};
use crate::fakes::{TurnableClock, noon};

const PAGE: &str = "/login/oauth/authorize";
const EXCHANGE: &str = "/login/oauth/access_token";

fn github() -> GitHub {
    let github = GitHub::start();
    github.client("id", "secret", &[BACK]);
    github.user("octocat");
    github
}

fn code(github: &GitHub, login: &str) -> String {
    brought(&github.sign_in(&asks(PAGE, "read:org user:email"), login), "code").unwrap()
}

fn token(github: &GitHub, login: &str) -> String {
    let answer = exchange(github.server(), EXCHANGE, &code(github, login), VERIFIER, BACK).value();
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn get(github: &GitHub, token: &str, path: &str) -> Reply {
    let asked = Asked::new("GET", path).with("authorization", &format!("Bearer {token}"));
    github.server().visit(&asked.with("user-agent", "test"))
}

fn slugs(reply: &Reply) -> Vec<String> {
    let list = reply.value();
    list.as_array().unwrap().iter().map(|team| team["slug"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn somebody_signs_in() {
    let github = github();
    let page = github.server().visit(&Asked::new("GET", &asks(PAGE, "read:org")));
    assert!(page.text().contains("<button name=\"login\" value=\"octocat\">"), "{}", page.text());
    let back = github.sign_in(&asks(PAGE, "read:org"), "octocat");
    assert_eq!((back.status, brought(&back, "state").as_deref()), (302, Some("s&1")));
    assert!(back.header("location").unwrap().starts_with(BACK));
    let told = get(&github, &token(&github, "octocat"), "/user").value();
    assert_eq!((told["login"].as_str(), told["id"].as_u64()), (Some("octocat"), Some(1)));
    let refused = github.sign_in(&asks(PAGE, "read:org"), "-nobody-");
    assert_eq!(brought(&refused, "error").as_deref(), Some("access_denied"));
}

#[test]
fn what_does_not_fit_gets_no_token() {
    let github = github();
    let wrong = |code: &str, verifier: &str, uri: &str| {
        let answer = exchange(github.server(), EXCHANGE, code, verifier, uri);
        assert_eq!(answer.status, 200);
        answer.value()["error"].as_str().unwrap().to_owned()
    };
    assert_eq!(wrong("code-0", VERIFIER, BACK), "bad_verification_code");
    assert_eq!(wrong(&code(&github, "octocat"), "another", BACK), "bad_verification_code");
    assert_eq!(wrong(&code(&github, "octocat"), VERIFIER, "http://127.0.0.1:1/"), "redirect_uri_mismatch");
    let once = code(&github, "octocat");
    assert!(exchange(github.server(), EXCHANGE, &once, VERIFIER, BACK).value()["access_token"].is_string());
    assert_eq!(wrong(&once, VERIFIER, BACK), "bad_verification_code", "a code is good once");
    let foreign = asks(PAGE, "").replace("back", "elsewhere");
    let sent = github.sign_in(&foreign, "octocat");
    assert!(sent.header("location").unwrap().starts_with(BACK), "never to what was asked for");
    assert_eq!(brought(&sent, "error").as_deref(), Some("redirect_uri_mismatch"));
    let plain = asks(PAGE, "").replace("S256", "plain");
    assert_eq!(github.sign_in(&plain, "octocat").status, 400);
}

#[test]
fn the_exchange_answers_with_a_form_unless_json_is_asked_for() {
    let github = github();
    let code = code(&github, "octocat");
    let fields = [
        ("client_id", "id"),
        ("client_secret", "secret"),
        ("code", &code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", BACK),
    ];
    let answer = github.server().visit(&Asked::form(EXCHANGE, &fields));
    assert!(answer.text().starts_with("access_token=gho_"), "{}", answer.text());
    assert!(
        answer.text().contains("&scope=read%3Aorg%2Cuser%3Aemail&token_type=bearer"),
        "{}",
        answer.text()
    );
}

#[test]
fn teams_and_organizations_are_told_a_page_at_a_time() {
    let github = github();
    github.team("acme", "everyone", None);
    github.team("acme", "developers", Some("everyone"));
    github.join_team("octocat", "acme", "developers");
    (0..35).for_each(|number| {
        let slug = format!("team-{number:02}");
        github.team("globex", &slug, None);
        github.join_team("octocat", "globex", &slug);
    });
    let token = token(&github, "octocat");
    let first = get(&github, &token, "/user/teams?per_page=20");
    assert_eq!(first.value().as_array().unwrap().len(), 20);
    assert_eq!(first.value()[0]["parent"]["slug"], "everyone");
    let links = first.header("link").unwrap();
    let url = github.server().url();
    assert!(links.contains(&format!("<{url}/user/teams?per_page=20&page=2>; rel=\"next\"")), "{links}");
    let second = get(&github, &token, "/user/teams?per_page=20&page=2");
    assert_eq!(slugs(&second).last().unwrap(), "team-34");
    assert!(!second.header("link").unwrap().contains("next"));
    assert_eq!(
        get(&github, &token, "/user/teams").value().as_array().unwrap().len(),
        30,
        "30 if nothing is said"
    );
    let above = get(&github, &token, "/orgs/ACME/teams/everyone").value();
    assert_eq!((above["slug"].as_str(), above["parent"].is_null()), (Some("everyone"), true));
    github.leave_team("octocat", "acme", "developers");
    assert!(!slugs(&get(&github, &token, "/user/teams?per_page=100")).contains(&"developers".to_owned()));
    assert_eq!(get(&github, &token, "/user/memberships/orgs/acme").value()["state"], "active");
    github.leave("octocat", "acme");
    assert_eq!(get(&github, &token, "/user/memberships/orgs/acme").status, 404);
    github.invite("octocat", "acme");
    assert_eq!(get(&github, &token, "/user/memberships/orgs/acme").value()["state"], "pending");
    assert_eq!(get(&github, &token, "/orgs/acme/members/octocat").status, 404);
    assert_eq!(get(&github, &token, "/orgs/globex/members/octocat").status, 204);
}

#[test]
fn it_says_no_as_github_does() {
    let github = github();
    github.join("octocat", "acme");
    let token = token(&github, "octocat");
    let nameless = Asked::new("GET", "/user").with("authorization", &format!("Bearer {token}"));
    assert_eq!(github.server().visit(&nameless).status, 403, "without a user agent");
    assert_eq!(get(&github, "gho_other", "/user").status, 401);

    github.demand_sso("acme");
    let closed = get(&github, &token, "/user/memberships/orgs/acme");
    assert!(closed.status == 403 && closed.header("x-github-sso").unwrap().starts_with("required; url="));
    let partial = get(&github, &token, "/user/orgs");
    assert_eq!(partial.value().as_array().unwrap().len(), 0);
    assert!(partial.header("x-github-sso").unwrap().starts_with("partial-results; organizations="));
    github.authorize_sso("octocat", "acme");
    assert_eq!(get(&github, &token, "/user/memberships/orgs/acme").status, 200);
    github.restrict_apps("acme");
    assert_eq!(get(&github, &token, "/user/memberships/orgs/acme").status, 403);

    github.limit(Some(Limit::Primary(Duration::from_secs(60))));
    let limited = get(&github, &token, "/user");
    assert_eq!((limited.status, limited.header("x-ratelimit-remaining")), (403, Some("0")));
    assert!(limited.header("x-ratelimit-reset").unwrap() > "1767268800");
    github.limit(Some(Limit::Secondary(Duration::from_secs(30))));
    assert_eq!(get(&github, &token, "/user").header("retry-after"), Some("30"));
    github.limit(None);

    github.rename("octocat", "hexacat");
    assert_eq!(get(&github, &token, "/user").value()["login"], "hexacat");
    github.suspend("hexacat", true);
    assert_eq!(get(&github, &token, "/user").status, 403);
    github.suspend("hexacat", false);
    github.revoke("hexacat");
    assert_eq!(get(&github, &token, "/user").status, 401);
}

#[test]
fn a_token_of_an_oauth_app_has_the_scopes_that_were_asked_for() {
    let github = github();
    let code = brought(&github.sign_in(&asks(PAGE, ""), "octocat"), "code").unwrap();
    let answer = exchange(github.server(), EXCHANGE, &code, VERIFIER, BACK).value();
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(get(&github, token, "/user").status, 200);
    assert_eq!(get(&github, token, "/user/teams").status, 403);
}

#[test]
fn tokens_that_end_are_refreshed_once() {
    let github = github();
    let clock = Arc::new(TurnableClock::at(noon()));
    github.follow(clock.clone());
    github.expiring_tokens(true);
    let answer = exchange(github.server(), EXCHANGE, &code(&github, "octocat"), VERIFIER, BACK).value();
    assert_eq!((answer["expires_in"].as_u64(), answer["scope"].as_str()), (Some(28_800), Some("")));
    let (first, old) = (answer["access_token"].as_str().unwrap(), answer["refresh_token"].as_str().unwrap());
    assert_eq!(get(&github, first, "/user/teams").status, 200, "apps have no scopes");
    clock.turn(Duration::from_secs(28_800));
    assert_eq!(get(&github, first, "/user").status, 401);
    let answer = refresh(github.server(), EXCHANGE, old).value();
    let second = answer["access_token"].as_str().unwrap();
    assert_eq!(get(&github, second, "/user").status, 200, "{:?}", clock.now());
    assert_eq!(refresh(github.server(), EXCHANGE, old).value()["error"], "bad_refresh_token");
    github.revoke("octocat");
    assert_eq!(get(&github, second, "/user").status, 401);
    let last = answer["refresh_token"].as_str().unwrap();
    assert_eq!(refresh(github.server(), EXCHANGE, last).value()["error"], "bad_refresh_token");
}

#[test]
fn an_enterprise_server_has_its_api_below_a_prefix() {
    let github = GitHub::enterprise();
    github.client("id", "secret", &[BACK]);
    github.user("octocat");
    let token = token(&github, "octocat");
    assert_eq!(get(&github, &token, "/user").status, 404);
    assert_eq!(get(&github, &token, "/api/v3/user").value()["login"], "octocat");
    assert!(github.api_url().ends_with("/api/v3"));
    assert_eq!(get(&super::GitHub::start(), &token, "/user").status, 401, "another server's token");
}
