//! `oidc_auth`: what a provider says that is not one, or not ours.

use dockgate_testkit::provider::openid::Attack;
use dockgate_testkit::provider::{Asked, Mood, Reply};
use serde_json::json;

use super::browser::Browser;
use super::oidc::{ROUTE, place, tries};

const EVIL: &str = "https://evil.example";

#[test]
fn an_id_token_that_is_not_ours_signs_nobody_in() {
    let (site, provider) = place();
    let noon = 1_767_268_800;
    for attack in [
        Attack::Claim("iss", json!(EVIL)),
        Attack::Without("iss"),
        Attack::Claim("aud", json!("another client")),
        Attack::Claim("aud", json!([])),
        Attack::Claim("aud", json!(["dockgate", "another client"])),
        Attack::Without("aud"),
        Attack::Claim("azp", json!("another client")),
        Attack::Claim("nonce", json!("another")),
        Attack::Without("nonce"),
        Attack::Claim("exp", json!(noon - 3600)),
        Attack::Without("exp"),
        Attack::Claim("iat", json!(noon + 86_400)),
        Attack::Claim("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        Attack::Without("sub"),
        Attack::Claim("sub", json!("")),
        Attack::Unsigned,
        Attack::PublicKeyAsSecret,
        Attack::OtherKey,
        Attack::UnknownKey,
        Attack::Changed("sub", json!("bob")),
        Attack::NoIdToken,
        Attack::CallbackIssuer(EVIL.to_owned()),
    ] {
        provider.attack(Some(attack.clone()));
        let status = tries(&site, &provider, "alice-1");
        assert!(matches!(status, 403 | 503), "{attack:?}: {status}");
        provider.attack(None);
        assert_eq!(tries(&site, &provider, "alice-1"), 303, "after {attack:?}");
    }
}

#[test]
fn userinfo_of_somebody_else_signs_nobody_in() {
    let (site, provider) = place();
    provider.userinfo_only(&["groups", "email", "email_verified"]);
    provider.attack(Some(Attack::UserinfoSubject("bob".to_owned())));
    assert!(matches!(tries(&site, &provider, "alice-1"), 403 | 503));
    provider.attack(None);
    assert_eq!(tries(&site, &provider, "alice-1"), 303);
}

/// What fetches keys from elsewhere must not be told where by whoever answers.
#[test]
fn a_discovery_document_of_another_issuer_is_not_used() {
    let (site, provider) = place();
    provider.attack(Some(Attack::DiscoveryIssuer(EVIL.to_owned())));
    assert_eq!(Browser::new(&site.server).get(ROUTE).status, 503);
}

#[test]
fn trouble_at_the_provider_is_no_verdict_and_does_not_last() {
    let (site, provider) = place();
    for part in ["/token", "/jwks"] {
        for mood in [
            Mood::Says(Reply::status(500)),
            Mood::Says(Reply::garbage()),
            Mood::Says(Reply::huge(9 * 1024 * 1024)),
            Mood::Says(Reply::redirect("http://127.0.0.1:1/")),
            Mood::HangUp,
        ] {
            // So that the keys are fetched anew.
            provider.change_key();
            site.server.clock.turn(std::time::Duration::from_secs(3600));
            provider.server().mood_of(part, mood.clone());
            assert_eq!(tries(&site, &provider, "alice-1"), 503, "{part} {mood:?}");
            provider.server().mood_of(part, Mood::Well);
            site.server.clock.turn(std::time::Duration::from_secs(3600));
            assert_eq!(tries(&site, &provider, "alice-1"), 303, "{part} {mood:?}");
        }
    }
}

#[test]
fn a_code_of_somebody_elses_sign_in_is_worth_nothing() {
    let (site, provider) = place();
    let (victim, attacker) = (Browser::new(&site.server), Browser::new(&site.server));
    let stolen = provider.sign_in(&victim.start(ROUTE), "alice-1");
    let code = Asked::new("GET", stolen.header("location").unwrap()).param("code").unwrap().to_owned();
    let own = provider.sign_in(&attacker.start(ROUTE), "alice-1");
    let mut callback = Asked::new("GET", own.header("location").unwrap());
    callback.query.retain(|(name, _)| name != "code");
    callback.query.push(("code".to_owned(), code));
    let query =
        callback.query.iter().map(|(name, value)| format!("{name}={}", crate::support::encode(value)));
    let query = query.collect::<Vec<_>>().join("&");
    let answer = attacker.get(&format!("{ROUTE}?{query}"));
    assert!(matches!(answer.status, 403 | 503), "PKCE: {}", answer.text());
}
