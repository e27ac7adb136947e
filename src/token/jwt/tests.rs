use aws_lc_rs::signature::UnparsedPublicKey;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};

use super::*;
use crate::token::verify::verification;
use crate::token::{Algorithm, fixtures, jwks_document, libtrust_id, thumbprint};

const NOW: u64 = 1_900_000_000;
const X5C: HeaderOptions = HeaderOptions { kid: Some(KeyId::Libtrust), x5c: true };

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn parts<'a>(access: &'a [ResourceActions<'a>]) -> TokenParts<'a> {
    TokenParts {
        issuer: "test-issuer",
        subject: "alice",
        audience: "test-service",
        access,
        now: at(NOW),
        lifetime: Duration::from_secs(300),
        valid_until: None,
    }
}

fn made(key: &SigningKey, options: HeaderOptions, parts: &TokenParts<'_>) -> Result<Issued, IssueError> {
    issue(&TokenSigner::new(key, &options)?, parts, &fixtures::Counting::default())
}

fn json_part(token: &str, part: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(part).unwrap()).unwrap()).unwrap()
}

#[test]
fn claims_are_those_that_registries_read() {
    let access = [ResourceActions::new("repository", None, "team/app", ["push", "pull"])];
    let issued = made(&fixtures::ec(), X5C, &parts(&access)).unwrap();
    assert_eq!(
        json_part(&issued.token, 1),
        json!({
            "iss": "test-issuer", "sub": "alice", "aud": "test-service",
            "nbf": NOW - 10, "iat": NOW - 10, "exp": NOW + 300,
            "jti": "000102030405060708090a0b0c0d0e0f",
            "access": [{"type": "repository", "name": "team/app", "actions": ["pull", "push"]}],
        })
    );
    assert_eq!((issued.expires_in, issued.expires_at), (300, NOW + 300));
    assert_eq!(issued.jwt_id, "000102030405060708090a0b0c0d0e0f");
}

#[test]
fn nothing_granted_is_an_empty_list() {
    let issued = made(&fixtures::ec(), X5C, &parts(&[])).unwrap();
    assert_eq!(json_part(&issued.token, 1)["access"], json!([]));
}

#[test]
fn signatures_verify_with_the_crypto_library() {
    let rsa = |algorithm| {
        let (certificate, key) = (fixtures::path("rsa.crt"), fixtures::path("rsa.pkcs8.pem"));
        SigningKey::load(&certificate, &key, Some(algorithm)).unwrap()
    };
    let others = [Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256].map(rsa);
    let keys: Vec<SigningKey> = fixtures::one_of_each_kind().into_iter().chain(others).collect();
    let mut seen: Vec<&str> = keys.iter().map(|key| key.algorithm().name()).collect();
    seen.sort_unstable();
    assert_eq!(seen, ["ES256", "ES384", "ES512", "EdDSA", "PS256", "RS256", "RS384", "RS512"]);
    for key in keys {
        let algorithm = verification(key.algorithm());
        let token = made(&key, X5C, &parts(&[])).unwrap().token;
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let (_, spki) = SubjectPublicKeyInfo::from_der(key.public_key().spki()).unwrap();
        let public = UnparsedPublicKey::new(algorithm, spki.subject_public_key.data.as_ref());
        public.verify(message.as_bytes(), &signature).unwrap();
        assert!(public.verify(&message.as_bytes()[1..], &signature).is_err());
    }
}

#[test]
fn tokens_verify_against_the_jwks_by_either_kid() {
    // The library behind the tests knows neither P-521 nor what of RSA is not the default.
    for key in fixtures::one_of_each_kind().into_iter().filter(|key| key.algorithm() != Algorithm::Es512) {
        let set: JwkSet =
            serde_json::from_slice(&jwks_document([fixtures::published(&key)]).unwrap()).unwrap();
        for kid in KeyId::COMPUTED {
            let options = HeaderOptions { kid: Some(kid.clone()), x5c: false };
            let token = made(&key, options, &parts(&[])).unwrap().token;
            let header = decode_header(&token).unwrap();
            let jwk = set.find(&header.kid.unwrap()).unwrap();
            let mut rules = Validation::new(header.alg);
            rules.set_audience(&["test-service"]);
            rules.set_issuer(&["test-issuer"]);
            // The token's times are of a turned clock.
            rules.validate_exp = false;
            let decoded = decode::<Value>(&token, &DecodingKey::from_jwk(jwk).unwrap(), &rules).unwrap();
            assert_eq!(decoded.claims["sub"], "alice");
        }
    }
}

#[test]
fn the_header_says_what_was_chosen() {
    let key = fixtures::ec();
    let header = |kid, x5c| json_part(&made(&key, HeaderOptions { kid, x5c }, &parts(&[])).unwrap().token, 0);
    let certificate = STANDARD.encode(key.leaf().der());
    assert_eq!(header(None, false), json!({"typ": "JWT", "alg": "ES256"}));
    assert_eq!(
        header(Some(KeyId::Libtrust), true),
        json!({"typ": "JWT", "alg": "ES256", "kid": libtrust_id(key.public_key()), "x5c": [certificate]})
    );
    assert_eq!(header(Some(KeyId::Rfc7638), false)["kid"], json!(thumbprint(key.public_key().material())));
    assert_eq!(json_part(&made(&fixtures::rsa(), X5C, &parts(&[])).unwrap().token, 0)["alg"], "RS256");
}

#[test]
fn x5c_is_leaf_first_and_without_the_root() {
    let bundle = fixtures::joined(&["chain.root.crt", "chain.intermediate.crt", "chain.leaf.crt"]);
    let key = fixtures::pair(&bundle, &fixtures::read("ec.pkcs8.pem")).unwrap();
    let header = json_part(&made(&key, X5C, &parts(&[])).unwrap().token, 0);
    let wanted: Vec<String> = key.x5c().map(|certificate| STANDARD.encode(certificate.der())).collect();
    assert_eq!(wanted.len(), 2);
    assert_eq!(header["x5c"], json!(wanted));
}

#[test]
fn a_window_shortens_the_life_and_never_lengthens_it() {
    let key = fixtures::ec();
    let left = |valid_until, now| {
        let parts = TokenParts { now, valid_until, ..parts(&[]) };
        made(&key, X5C, &parts).map(|issued| (issued.expires_in, issued.expires_at))
    };
    assert_eq!(left(Some(at(NOW + 40)), at(NOW)).unwrap(), (40, NOW + 40));
    assert_eq!(left(Some(at(NOW + 301)), at(NOW)).unwrap(), (300, NOW + 300));
    assert_eq!(left(Some(at(NOW + 1)), at(NOW)).unwrap(), (1, NOW + 1));
    let fraction = at(NOW + 40) + Duration::from_millis(900);
    assert_eq!(left(Some(fraction), at(NOW)).unwrap().1, NOW + 40);
    for over in [at(NOW), at(NOW - 1), UNIX_EPOCH - Duration::from_secs(1)] {
        assert!(matches!(left(Some(over), at(NOW)), Err(IssueError::NoLifeLeft)));
    }
    assert!(matches!(left(None, UNIX_EPOCH - Duration::from_secs(1)), Err(IssueError::Clock)));
}

#[test]
fn a_life_of_nothing_or_for_ever_is_refused() {
    let with = |lifetime| made(&fixtures::ec(), X5C, &TokenParts { lifetime, ..parts(&[]) });
    assert!(matches!(with(Duration::from_millis(999)), Err(IssueError::NoLifeLeft)));
    assert!(matches!(with(Duration::MAX), Err(IssueError::Clock)));
}

#[test]
fn ids_differ_from_token_to_token() {
    let signer = TokenSigner::new(&fixtures::ec(), &X5C).unwrap();
    let random = crate::outside::SystemRandom::default();
    let first = issue(&signer, &parts(&[]), &random).unwrap();
    let second = issue(&signer, &parts(&[]), &random).unwrap();
    assert_ne!(first.jwt_id, second.jwt_id);
    assert_eq!(first.jwt_id.len(), 32);
}

#[test]
fn failing_randomness_or_key_makes_no_token() {
    struct NoRandom;
    impl Random for NoRandom {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError)
        }
    }
    struct NoKey;
    impl Sign for NoKey {
        fn algorithm(&self) -> Algorithm {
            Algorithm::Es256
        }
        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
            Err(SignError::new(Algorithm::Es256, "the key service is away"))
        }
    }
    let key = fixtures::ec();
    let signer = TokenSigner::new(&key, &X5C).unwrap();
    assert!(matches!(issue(&signer, &parts(&[]), &NoRandom), Err(IssueError::Random(_))));

    let certificate = fixtures::read("ec.crt");
    let file = crate::token::PemFile { path: std::path::Path::new("cert.pem"), bytes: &certificate };
    let remote = SigningKey::with_signer(Arc::new(NoKey), key.public_key().clone(), file).unwrap();
    let refused = made(&remote, X5C, &parts(&[])).unwrap_err();
    assert_eq!(refused.to_string(), "cannot sign with the ES256 key: the key service is away");
}

#[test]
fn the_end_of_the_chain_and_its_size_are_told() {
    let bundle = fixtures::joined(&["chain.leaf.crt", "chain.intermediate.crt"]);
    let key = fixtures::pair(&bundle, &fixtures::read("ec.pkcs8.pem")).unwrap();
    let with = TokenSigner::new(&key, &X5C).unwrap();
    assert_eq!(with.x5c_valid_until(), key.x5c().map(crate::token::Certificate::not_after).min());
    assert_eq!(with.oversized_header(), None);
    let without = TokenSigner::new(&key, &HeaderOptions { x5c: false, ..X5C }).unwrap();
    assert_eq!(without.x5c_valid_until(), None);
}

#[test]
fn a_header_above_six_kib_is_reported_with_its_size() {
    let names: Vec<String> = (0..200).map(|n| format!("registry-{n}.example.test")).collect();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap().pem();
    let key = fixtures::pair(certificate.as_bytes(), key.serialize_pem().as_bytes()).unwrap();
    let length = TokenSigner::new(&key, &X5C).unwrap().oversized_header().unwrap();
    assert!(length > LARGE_TOKEN_BYTES);
    assert_eq!(
        TokenSigner::new(&key, &HeaderOptions { x5c: false, ..X5C }).unwrap().oversized_header(),
        None
    );
}

#[test]
fn debug_shows_neither_token_nor_signature() {
    let signer = TokenSigner::new(&fixtures::ec(), &X5C).unwrap();
    let issued = issue(&signer, &parts(&[]), &fixtures::Counting::default()).unwrap();
    let shown = format!("{issued:?} {signer:?}");
    for part in issued.token.split('.').skip(1) {
        assert!(!shown.contains(part), "{shown}");
    }
}
