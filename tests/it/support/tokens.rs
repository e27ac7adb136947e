//! A token as a registry reads it.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use super::answer::Answer;

/// A token whose signature was verified.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// Its header.
    pub(crate) header: Value,
    /// Its claims.
    pub(crate) claims: Value,
    /// The answer in which it came.
    pub(crate) answer: Value,
}

impl Token {
    /// The token of an answer, verified with the key that a JWKS document holds under its `kid`.
    pub(super) fn verified(answer: &Answer, jwks: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.is_kept_by_nobody();
        let json = answer.json();
        let token = json["token"].as_str().unwrap();
        let header = jsonwebtoken::decode_header(token).unwrap();
        let keys: JwkSet = serde_json::from_slice(&jwks.body).unwrap();
        let key = keys.find(header.kid.as_deref().unwrap()).expect("the JWKS document holds the key");
        assert!(
            !matches!(header.alg, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512),
            "{:?}",
            header.alg
        );
        let mut validation = Validation::new(header.alg);
        // The server's clock is turned; its times are looked at by the tests about times.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation);
        Self { header: part(token, 0), claims: claims.unwrap().claims, answer: json }
    }

    /// The account.
    pub(crate) fn account(&self) -> &str {
        self.claims["sub"].as_str().unwrap()
    }

    /// What is granted, a scope a text, in the order of the token: `repository:team/app:pull,push`.
    pub(crate) fn access(&self) -> Vec<String> {
        self.claims["access"].as_array().unwrap().iter().map(scope).collect()
    }

    /// For how long it is good, in seconds, by its own clock.
    pub(crate) fn expires_in(&self) -> u64 {
        self.answer["expires_in"].as_u64().unwrap()
    }

    /// A claim that is a whole number.
    pub(crate) fn number(&self, claim: &str) -> u64 {
        self.claims[claim].as_u64().unwrap_or_else(|| panic!("{claim} is no whole number: {}", self.claims))
    }
}

/// The keys of an object, sorted.
pub(crate) fn names(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn scope(entry: &Value) -> String {
    let text = |key: &str| entry[key].as_str().unwrap();
    let class = entry.get("class").map_or(String::new(), |class| format!("({})", class.as_str().unwrap()));
    let actions: Vec<&str> =
        entry["actions"].as_array().unwrap().iter().map(|action| action.as_str().unwrap()).collect();
    format!("{}{class}:{}:{}", text("type"), text("name"), actions.join(","))
}

fn part(token: &str, place: usize) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(place).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
