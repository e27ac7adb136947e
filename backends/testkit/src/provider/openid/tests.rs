//! What a client sees.

use serde_json::{Value, json};

use super::super::tests::{BACK, VERIFIER, asks, brought, exchange, refresh};
use super::super::{Asked, Reply, lock};
use super::{Attack, OpenId};

fn provider() -> OpenId {
    let provider = OpenId::start();
    provider.client("id", Some("secret"), &[BACK]);
    provider.user("alice", json!({"email": "alice@example.com", "email_verified": true, "groups": ["dev"]}));
    provider
}

fn code(provider: &OpenId) -> String {
    brought(&provider.sign_in(&asks("/authorize", "openid email"), "alice"), "code").unwrap()
}

fn signed_in(provider: &OpenId) -> Value {
    exchange(provider.server(), "/token", &code(provider), VERIFIER, BACK).value()
}

fn userinfo(provider: &OpenId, answer: &Value) -> Reply {
    let token = answer["access_token"].as_str().unwrap();
    provider.server().visit(&Asked::new("GET", "/userinfo").with("authorization", &format!("Bearer {token}")))
}

/// Header and claims, if the key that is shown has signed them.
fn verified(provider: &OpenId, answer: &Value) -> Option<(Value, Value)> {
    lock(&provider.site.state).key.verified(answer["id_token"].as_str().unwrap())
}

#[test]
fn somebody_signs_in() {
    let provider = provider();
    provider.userinfo_only(&["groups"]);
    let answer = signed_in(&provider);
    let (header, claims) = verified(&provider, &answer).unwrap();
    assert_eq!((header["alg"].as_str(), header["kid"].as_str()), (Some("RS256"), Some("key-1")));
    assert_eq!(claims["iss"], provider.issuer());
    assert_eq!(
        (&claims["sub"], &claims["aud"], &claims["nonce"]),
        (&json!("alice"), &json!("id"), &json!("n-1"))
    );
    assert_eq!((claims.get("groups"), claims["email_verified"].as_bool()), (None, Some(true)));
    assert_eq!(userinfo(&provider, &answer).value()["groups"][0], "dev");
    provider.revoke("alice");
    assert_eq!(userinfo(&provider, &answer).status, 401);
}

#[test]
fn codes_and_refresh_tokens_that_come_twice_end_everything() {
    let provider = provider();
    let code = code(&provider);
    let answer = exchange(provider.server(), "/token", &code, VERIFIER, BACK).value();
    assert_eq!(userinfo(&provider, &answer).status, 200);
    assert_eq!(
        exchange(provider.server(), "/token", &code, VERIFIER, BACK).value()["error"],
        "invalid_grant"
    );
    assert_eq!(userinfo(&provider, &answer).status, 401);

    let first = signed_in(&provider)["refresh_token"].as_str().unwrap().to_owned();
    let second = refresh(provider.server(), "/token", &first).value();
    assert_ne!(second["refresh_token"], first);
    assert_eq!(userinfo(&provider, &second).status, 200);
    assert_eq!(refresh(provider.server(), "/token", &first).status, 400);
    assert_eq!(userinfo(&provider, &second).status, 401);
    assert_eq!(refresh(provider.server(), "/token", second["refresh_token"].as_str().unwrap()).status, 400);
}

#[test]
fn what_does_not_fit_is_refused() {
    let provider = provider();
    assert_eq!(exchange(provider.server(), "/token", &code(&provider), "another", BACK).status, 400);
    assert_eq!(
        exchange(provider.server(), "/token", &code(&provider), VERIFIER, "http://127.0.0.1:1/").status,
        400
    );
    let foreign = asks("/authorize", "openid").replace("back", "elsewhere");
    assert_eq!(provider.sign_in(&foreign, "alice").status, 400);
    let back = provider.sign_in(&asks("/authorize", "email"), "alice");
    assert_eq!(brought(&back, "error").as_deref(), Some("invalid_request"), "without openid");
    provider.after_sign_out(&["http://127.0.0.1:1/"]);
    let out = |uri: &str| {
        provider.server().visit(&Asked::new("GET", &format!("/end_session?post_logout_redirect_uri={uri}")))
    };
    assert_eq!((out("http://127.0.0.1:1/").status, out("http://127.0.0.1:1/x").status), (302, 400));
}

#[test]
fn attacks_are_what_they_are_called() {
    let provider = provider();
    let attacked = |attack: Attack| {
        provider.attack(Some(attack));
        signed_in(&provider)
    };
    let (_, claims) =
        verified(&provider, &attacked(Attack::Claim("iss", json!("https://evil.example")))).unwrap();
    assert_eq!(claims["iss"], "https://evil.example");
    let (_, claims) = verified(&provider, &attacked(Attack::Without("nonce"))).unwrap();
    assert_eq!(claims.get("nonce"), None);
    for attack in [
        Attack::Unsigned,
        Attack::PublicKeyAsSecret,
        Attack::OtherKey,
        Attack::UnknownKey,
        Attack::Changed("sub", json!("bob")),
    ] {
        assert!(verified(&provider, &attacked(attack.clone())).is_none(), "{attack:?}");
    }
    assert_eq!(attacked(Attack::NoIdToken).get("id_token"), None);
    assert_eq!(userinfo(&provider, &attacked(Attack::UserinfoSubject("bob".into()))).value()["sub"], "bob");
    provider.attack(Some(Attack::CallbackIssuer("https://evil.example".into())));
    let back = provider.sign_in(&asks("/authorize", "openid"), "alice");
    assert_eq!(brought(&back, "iss").as_deref(), Some("https://evil.example"));
    provider.attack(Some(Attack::DiscoveryIssuer("https://evil.example".into())));
    let told = || provider.server().visit(&Asked::new("GET", "/.well-known/openid-configuration")).value();
    assert_eq!(told()["issuer"], "https://evil.example");
    provider.attack(None);
    assert_eq!(told()["issuer"], provider.issuer());
    let before = signed_in(&provider);
    provider.change_key();
    assert!(verified(&provider, &before).is_none() && verified(&provider, &signed_in(&provider)).is_some());
}
