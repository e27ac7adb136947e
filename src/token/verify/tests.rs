use std::time::{Duration, SystemTime};

use dockgate_testkit::fakes::World;

use super::super::claims::ResourceActions;
use super::super::fixtures;
use super::super::jwt::{HeaderOptions, TokenParts, TokenSigner, issue};
use super::super::keys::SigningKey;
use super::*;

const ISSUER: &str = "test-issuer";
const SERVICE: &str = "test-service";

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn signed(key: &SigningKey, issuer: &str, service: &str) -> String {
    let access = [ResourceActions::new("repository", None, "team/app", ["pull"])];
    let parts = TokenParts {
        issuer,
        subject: "alice",
        audience: service,
        access: &access,
        now: now(),
        lifetime: Duration::from_mins(5),
        valid_until: None,
    };
    let signer = TokenSigner::new(key, &HeaderOptions::default()).unwrap();
    issue(&signer, &parts, World::new().random.as_ref()).unwrap().token
}

fn verifier(key: &SigningKey) -> Verifier {
    Verifier::new(ISSUER, [fixtures::published(key)])
}

#[test]
fn a_token_of_each_kind_of_key_is_known_and_says_what_was_granted() {
    for key in fixtures::one_of_each_kind() {
        let verified = verifier(&key).verify(&signed(&key, ISSUER, SERVICE), SERVICE, now()).unwrap();
        assert_eq!(verified.subject, "alice");
        assert!(verified.grants("repository", "team/app", "pull"));
        for (kind, name, action) in [
            ("repository", "team/app", "push"),
            ("repository", "team/ap", "pull"),
            ("repository", "team/app/x", "pull"),
            ("registry", "team/app", "pull"),
        ] {
            assert!(!verified.grants(kind, name, action), "{kind}:{name}:{action}");
        }
    }
}

#[test]
fn what_others_signed_or_for_others_counts_for_nothing() {
    let key = fixtures::ec();
    let refused = |token: &str, service: &str, now| verifier(&key).verify(token, service, now).unwrap_err();
    let good = signed(&key, ISSUER, SERVICE);
    assert_eq!(refused(&signed(&fixtures::rsa(), ISSUER, SERVICE), SERVICE, now()), BadToken::Signature);
    assert_eq!(refused(&signed(&key, "other", SERVICE), SERVICE, now()), BadToken::Audience);
    assert_eq!(refused(&good, "other", now()), BadToken::Audience);
    assert_eq!(refused(&good, SERVICE, now() + Duration::from_mins(5)), BadToken::Time);
    assert_eq!(refused(&good, SERVICE, now() - Duration::from_mins(2)), BadToken::Time);
    assert!(verifier(&key).verify(&good, SERVICE, now() + Duration::from_secs(299)).is_ok());
    for bad in [
        "",
        ".",
        "..",
        "a.b.c",
        &good[1..],
        &good[..good.len() - 1],
        &format!("{good}.x"),
        &format!(" {good}"),
    ] {
        assert!(matches!(refused(bad, SERVICE, now()), BadToken::Malformed | BadToken::Signature), "{bad}");
    }
    let (message, signature) = good.rsplit_once('.').unwrap();
    let claims = message.split_once('.').unwrap().1;
    for alg in ["none", "HS256", "RS256", "ES384", "es256"] {
        let header = URL_SAFE_NO_PAD.encode(format!("{{\"typ\":\"JWT\",\"alg\":\"{alg}\"}}"));
        for signature in [signature, ""] {
            let bad = refused(&format!("{header}.{claims}.{signature}"), SERVICE, now());
            assert!(matches!(bad, BadToken::Malformed | BadToken::Signature), "{alg}");
        }
    }
}
