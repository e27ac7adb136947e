use std::collections::BTreeMap;

use dockgate_api::{Credential, Decision, Health, Login};
use serde_json::json;

use super::{acme, hub, member, section, stranger};
use crate::github::GithubAuthConfig;
use crate::testing::{CALLBACK, Place, form, kept, labels};

#[tokio::test]
async fn the_browser_is_sent_with_everything_that_binds_it() {
    let url = acme().redirect().await;
    assert!(url.as_str().starts_with("https://github.com/login/oauth/authorize?"));
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let sent: BTreeMap<&str, &str> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let wanted = BTreeMap::from([
        ("response_type", "code"),
        ("client_id", "our-id"),
        ("state", "the state"),
        ("code_challenge", "the challenge"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", CALLBACK),
        ("scope", "read:org"),
    ]);
    assert_eq!(sent, wanted);
    assert_eq!(pairs.len(), wanted.len(), "each of them once");
}

#[tokio::test]
async fn a_code_is_exchanged_with_the_verifier_and_the_same_callback() {
    let place = acme();
    place.allowed().await;
    let asked = place.http.take_asked();
    let exchange = asked.first().unwrap();
    assert_eq!((exchange.method.as_str(), exchange.url.as_str()), ("POST", super::TOKEN));
    let form = form(exchange);
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("code", "code-canary"),
        ("code_verifier", "verifier-canary"),
        ("redirect_uri", CALLBACK),
        ("client_id", "our-id"),
        ("client_secret", "secret-canary"),
    ] {
        assert_eq!(form.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(exchange.headers.contains(&("accept".to_owned(), "application/json".to_owned())));
}

#[tokio::test]
async fn every_question_says_for_whom_and_in_which_version() {
    let place = acme();
    place.allowed().await;
    let asked = place.http.take_asked();
    assert_eq!(asked.len(), 4);
    for request in asked.iter().skip(1) {
        for (name, value) in [
            ("authorization", "Bearer token-canary"),
            ("accept", "application/vnd.github+json"),
            ("x-github-api-version", "2022-11-28"),
            ("user-agent", "dockgate"),
        ] {
            assert!(
                request.headers.contains(&(name.to_owned(), value.to_owned())),
                "{name} to {}",
                request.url
            );
        }
    }
}

#[tokio::test]
async fn a_person_is_the_number_and_the_account_is_the_name_as_it_is_spelled_there() {
    let place = hub(json!({"organization": "ACME"}));
    member(&place, "ACME", "active");
    let document = json!({"state": "active", "organization": {"login": "Acme"}}).to_string();
    place.http.json("GET", &super::membership("ACME"), 200, &document);
    let (identity, keep) = place.allowed().await;
    assert_eq!((identity.subject.as_str(), identity.account.as_str()), ("https://api.github.com 7", "Ada"));
    assert_eq!(labels(&identity, "organizations"), ["Acme"]);
    assert_eq!(labels(&identity, "teams"), Vec::<String>::new());
    assert_eq!(identity.link.as_ref(), "");
    assert_eq!(
        kept(&keep),
        json!({"v": 1, "subject": "https://api.github.com 7", "access_token": "token-canary"})
    );
}

#[tokio::test]
async fn a_member_of_one_of_several_organizations_may_sign_in() {
    let place = hub(json!({"organizations": ["labs", "acme", "works"]}));
    stranger(&place, "labs");
    member(&place, "works", "active");
    assert_eq!(labels(&place.allowed().await.0, "organizations"), ["acme", "works"]);
}

#[tokio::test]
async fn where_everybody_may_sign_in_the_labels_say_who_is_a_member_of_what() {
    let place = hub(json!({"allow_everybody": true}));
    let first = "https://api.github.com/user/memberships/orgs?state=active&per_page=100";
    let document = json!([
        {"state": "active", "organization": {"login": "acme"}},
        {"state": "pending", "organization": {"login": "labs"}},
    ]);
    place.http.json("GET", first, 200, &document.to_string());
    super::teams(&place, &[super::team("acme", "web", None), super::team("labs", "web", None)]);
    let identity = place.allowed().await.0;
    assert_eq!(labels(&identity, "organizations"), ["acme"]);
    assert_eq!(labels(&identity, "teams"), ["acme/web"], "and no short names, which could be anybody's");
}

#[tokio::test]
async fn an_instance_of_ones_own_has_its_own_pages_and_api() {
    for (more, token, user) in [
        (
            json!({"github_web_uri": "https://git.example.com/"}),
            "https://git.example.com/login/oauth/access_token",
            "https://git.example.com/api/v3/user",
        ),
        (
            json!({"github_web_uri": "https://acme.ghe.com"}),
            "https://acme.ghe.com/login/oauth/access_token",
            "https://api.acme.ghe.com/user",
        ),
        (
            json!({"github_web_uri": "https://git.example.com", "github_api_uri": "https://api.example.com/v3/"}),
            "https://git.example.com/login/oauth/access_token",
            "https://api.example.com/v3/user",
        ),
        (json!({"github_web_uri": "", "github_api_uri": ""}), super::TOKEN, super::USER),
    ] {
        let mut more = more;
        more.as_object_mut().unwrap().insert("organization".to_owned(), json!("acme"));
        let place = Place::new::<GithubAuthConfig>(section(more));
        place.http.json("POST", token, 200, r#"{"access_token": "token-canary", "token_type": "bearer"}"#);
        place.failed().await;
        assert_eq!(place.http.take_urls(), [format!("POST {token}"), format!("GET {user}")]);
    }
}

#[tokio::test]
async fn passwords_are_not_its_business_and_its_terms_are_those_of_the_section() {
    let place = hub(json!({
        "organization": "acme", "redirect_uri": CALLBACK, "revalidate_after": "2h", "revalidate_grace": "3m",
        "registry_url": "registry.example.com",
    }));
    let login = Login::new("Ada", Credential::Password("any".into()));
    let answer = place.backend.authenticate(&place.world.call(), &login).await;
    assert_eq!(answer, Ok(Decision::NoMatch));
    assert!(!place.backend.can_reload() && !place.backend.answers_without_proof("Ada"));
    assert_eq!(place.backend.health(&place.world.call()).await, Health::Up);
    assert!(place.http.take_urls().is_empty());
    let terms = place.backend.login_flow().unwrap().terms();
    assert_eq!(terms.title, "GitHub");
    assert_eq!(terms.redirect_uri.as_deref(), Some(CALLBACK));
    assert_eq!((terms.revalidate_after.as_secs(), terms.revalidate_grace.as_secs()), (7200, 180));
    assert_eq!(terms.registry.as_deref(), Some("registry.example.com"));
}
