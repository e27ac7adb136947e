//! What somebody may try who wants to be another.

use aws_lc_rs::hmac;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};

use super::*;

fn rsa_public(pair: &RsaKeyPair) -> Value {
    let modulus = encode(pair.public_key().modulus().big_endian_without_leading_zero());
    let exponent = encode(pair.public_key().exponent().big_endian_without_leading_zero());
    json!({"kty": "RSA", "use": "sig", "kid": "rsa", "n": modulus, "e": exponent})
}

#[tokio::test]
async fn a_token_that_nobody_signed_is_not_believed() {
    let op = Op::new();
    let link = op.link(json!({}));
    for header in [json!({"alg": "none"}), json!({"alg": "none", "kid": "one"})] {
        let text = unsigned(&header, &claims(json!({})));
        for token in [format!("{text}."), text] {
            op.tokens(&token, json!({}));
            let why = denied(op.complete(&link).await);
            assert!(why.contains("is not signed") || why.contains("cannot be read"), "{why}");
        }
    }
}

#[tokio::test]
async fn a_public_key_and_the_clients_secret_are_no_shared_secrets() {
    let op = Op::new();
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    op.keys(&[rsa_public(&pair)]);
    let link = op.link(json!({}));
    let public = rsa_public(&pair);
    let secrets =
        [public.to_string().into_bytes(), public["n"].as_str().unwrap().into(), b"SecretOfClient".to_vec()];
    for secret in secrets {
        for kid in [json!({"alg": "HS256", "kid": "rsa"}), json!({"alg": "HS256"})] {
            let text = unsigned(&kid, &claims(json!({})));
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), text.as_bytes());
            op.tokens(&format!("{text}.{}", encode(tag.as_ref())), json!({}));
            let why = denied(op.complete(&link).await);
            assert!(why.contains("signed in a way that is not believed here"), "{why}");
        }
    }
    // With the private key it is.
    let text = unsigned(&json!({"alg": "RS256", "kid": "rsa"}), &claims(json!({})));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    op.tokens(&format!("{text}.{}", encode(&signature)), json!({}));
    assert_eq!(allowed(op.complete(&link).await).identity.account, "alice@example.com");
}

#[tokio::test]
async fn each_claim_of_the_token_must_be_right() {
    let now = noon().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let op = Op::new();
    for (more, why) in [
        (json!({"iss": "https://other.example.com"}), "names another issuer"),
        (json!({"iss": format!("{ISSUER}/")}), "names another issuer"),
        (json!({"aud": "another"}), "for another client (`aud`)"),
        (json!({"aud": []}), "for another client (`aud`)"),
        (json!({"aud": null}), "for another client (`aud`)"),
        (json!({"azp": "another"}), "for another client (`azp`)"),
        (json!({"aud": ["dockgate", "another"]}), "for another client (`azp`)"),
        (json!({"aud": ["dockgate", "another"], "azp": "another"}), "for another client (`azp`)"),
        (json!({"nonce": "nonce-of-yesterday"}), "belongs to another sign-in"),
        (json!({"nonce": null}), "belongs to another sign-in"),
        (json!({"exp": now - 61}), "has expired"),
        (json!({"iat": now + 61}), "comes from the future"),
        (json!({"at_hash": "another"}), "belongs to another access token"),
        (json!({"sub": null}), "cannot be read"),
        (json!({"exp": null}), "cannot be read"),
    ] {
        let found = op.refused(json!({}), more.clone()).await;
        assert!(found.contains(why), "{more}: {found}");
    }
    for more in [
        json!({"aud": ["dockgate", "another"], "azp": "dockgate"}),
        json!({"exp": now - 59, "iat": now - 300}),
        json!({"iat": now + 59}),
        // Of `SecretAccess`.
        json!({"at_hash": at_hash("SecretAccess")}),
    ] {
        assert_eq!(op.sign_in(json!({}), more).await.identity.account, "alice@example.com");
    }
}

fn at_hash(token: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
    encode(&digest.as_ref()[..16])
}

#[tokio::test]
async fn a_changed_token_is_not_believed() {
    let op = Op::new();
    let link = op.link(json!({}));
    let token = op.key.sign(&claims(json!({})));
    let parts: Vec<&str> = token.split('.').collect();
    let bob = encode(claims(json!({"email": "bob@example.com"})).to_string().as_bytes());
    op.tokens(&format!("{}.{bob}.{}", parts[0], parts[2]), json!({}));
    assert!(denied(op.complete(&link).await).contains("signature is wrong"));
    let critical =
        op.key.sign_as(&json!({"alg": "ES256", "kid": "one", "crit": ["exp"]}), &claims(json!({})));
    op.tokens(&critical, json!({}));
    assert!(denied(op.complete(&link).await).contains("of a kind that is not known"));
    let access = op.key.sign_as(&json!({"alg": "ES256", "kid": "one", "typ": "at+jwt"}), &claims(json!({})));
    op.tokens(&access, json!({}));
    assert!(denied(op.complete(&link).await).contains("of a kind that is not known"));
}

#[tokio::test]
async fn a_key_of_somebody_elses_is_none_whatever_it_is_called() {
    let op = Op::new();
    let link = op.link(json!({}));
    for forged in [Key::new("one"), Key::new("made up")] {
        op.tokens(&forged.sign(&claims(json!({}))), json!({}));
        let why = denied(op.complete(&link).await);
        assert!(
            why.contains("signature is wrong") || why.contains("a key that the provider does not have"),
            "{why}"
        );
    }
    // A key for encryption signs nothing.
    op.world.clock.turn(std::time::Duration::from_secs(31));
    op.keys(&[merged(op.key.public(), json!({"use": "enc"}))]);
    let other = Op {
        http: op.http.clone(),
        world: World::new(),
        key: Key::new("one"),
        renewals: Renewals::default(),
    };
    op.tokens(&op.key.sign(&claims(json!({}))), json!({}));
    assert!(
        denied(other.complete(&other.link(json!({}))).await)
            .contains("a key that the provider does not have")
    );
}

#[tokio::test]
async fn garbage_does_not_wear_the_provider_out() {
    let op = Op::new();
    let link = op.link(json!({}));
    op.signed(json!({}));
    allowed(op.complete(&link).await);
    op.http.take_asked();
    let asked = || op.http.take_urls().into_iter().filter(|url| url.ends_with("/keys")).count();
    op.tokens(&Key::new("made up").sign(&claims(json!({}))), json!({}));
    for _ in 0..20 {
        denied(op.complete(&link).await);
    }
    assert_eq!(asked(), 0, "the keys were read just now");
    op.world.clock.turn(std::time::Duration::from_secs(31));
    for _ in 0..20 {
        denied(op.complete(&link).await);
    }
    assert_eq!(asked(), 1);
}

#[tokio::test]
async fn userinfo_of_another_person_is_not_mixed_in() {
    let op = Op::new();
    for userinfo in [json!({"sub": "subject-2", "groups": ["admins"]}), json!({"groups": ["admins"]})] {
        op.userinfo(userinfo);
        let why = op.refused(json!({"groups": {}}), json!({})).await;
        assert!(why.contains("userinfo speaks of another person"), "{why}");
    }
    op.userinfo(json!({"sub": "subject-1", "groups": ["admins"], "email": "eve@example.com"}));
    let identity = op.sign_in(json!({"groups": {}}), json!({})).await.identity;
    assert_eq!(values(&identity, "groups"), ["admins"]);
    assert_eq!(identity.account, "alice@example.com", "the signed one");
}

#[tokio::test]
async fn a_browser_that_another_provider_sent_is_turned_away_before_the_code_is_shown() {
    let op = Op::new();
    op.discovered(json!({"authorization_response_iss_parameter_supported": true}));
    op.signed(json!({}));
    let link = op.link(json!({}));
    for issuer in [None, Some("https://evil.example.com"), Some("https://op.example.com/"), Some("")] {
        let mut callback = callback();
        callback.issuer = issuer.map(str::to_owned);
        let why = denied(flow(&link).complete(&op.world.call(), &callback).await);
        assert!(why.contains("RFC 9207"), "{why}");
    }
    assert!(!op.http.take_urls().iter().any(|url| url.contains("/token")), "the code was sent");
    let mut right = callback();
    right.issuer = Some(ISSUER.to_owned());
    allowed(flow(&link).complete(&op.world.call(), &right).await);
    // Of a provider that does not say so, a wrong one is wrong all the same.
    let silent = Op::new();
    silent.signed(json!({}));
    let link = silent.link(json!({}));
    let mut callback = callback();
    callback.issuer = Some("https://evil.example.com".to_owned());
    denied(flow(&link).complete(&silent.world.call(), &callback).await);
}
