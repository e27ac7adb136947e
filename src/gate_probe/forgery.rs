//! Tokens that nobody signed (RFC 7515, RFC 7519).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// As long as one of ES256.
const NO_SIGNATURE: [u8; 64] = [b'0'; 64];

/// A real token with its signature broken, left out, or below other words.
pub(super) fn of(token: &str) -> Option<Vec<String>> {
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    let other_claims = part(&with(read(claims)?, &[("access", catalog()), ("sub", json!("admin"))]));
    let unsigned = part(&with(read(header)?, &[("alg", json!("none"))]));
    let symmetric = part(&with(read(header)?, &[("alg", json!("HS256"))]));
    Some(vec![
        format!("{header}.{claims}.{}", flipped(signature)),
        format!("{header}.{claims}."),
        format!("{unsigned}.{claims}."),
        format!("{unsigned}.{other_claims}."),
        format!("{symmetric}.{claims}.{signature}"),
        format!("{header}.{other_claims}.{signature}"),
    ])
}

/// What somebody writes who has seen the challenge alone. Who signs is guessed.
pub(super) fn made_up(realm: &str, service: &str) -> Vec<String> {
    let host = realm.split("://").nth(1).unwrap_or(realm).split(['/', ':']).next().unwrap_or_default();
    let mut tokens = Vec::new();
    for issuer in [host, service] {
        let claims = part(&json!({
            "iss": issuer, "sub": "admin", "aud": service, "jti": "dockgate-forward-auth-test",
            "iat": 0, "nbf": 0, "exp": 9_999_999_999_u64, "access": catalog(),
        }));
        for (algorithm, signature) in [("none", &[][..]), ("HS256", b"signature"), ("ES256", &NO_SIGNATURE)] {
            let header = part(&json!({"alg": algorithm, "typ": "JWT"}));
            tokens.push(format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature)));
        }
    }
    tokens
}

fn catalog() -> Value {
    json!([{"type": "registry", "name": "catalog", "actions": ["*"]}])
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn with(mut value: Value, fields: &[(&str, Value)]) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    }
    value
}

/// Another character in the middle: the last one may hold bits that count for nothing.
fn flipped(signature: &str) -> String {
    let middle = signature.chars().count() / 2;
    let other = |c| if c == 'A' { 'B' } else { 'A' };
    signature.chars().enumerate().map(|(at, c)| if at == middle { other(c) } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(part: &str) -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn a_forged_token_is_the_real_one_but_for_what_a_signature_shows() {
        let (header, claims) =
            (json!({"alg": "ES256", "kid": "k"}), json!({"iss": "a", "jti": "j", "aud": "r"}));
        let real = format!("{}.{}.{}", part(&header), part(&claims), URL_SAFE_NO_PAD.encode([0; 64]));
        let forged = of(&real).unwrap();
        assert_eq!(forged.len(), 6);
        for token in &forged {
            assert_ne!(*token, real);
            let parts: Vec<&str> = token.split('.').collect();
            let [header, claims, signature] = parts.as_slice() else { panic!("{token}") };
            assert!(
                signature.is_empty() || URL_SAFE_NO_PAD.decode(signature).unwrap().len() == 64,
                "{token}"
            );
            assert_eq!(read(header)["kid"], "k");
            assert_eq!((&read(claims)["iss"], &read(claims)["jti"]), (&json!("a"), &json!("j")));
        }
        assert!(forged.iter().any(|token| read(token.split('.').nth(1).unwrap())["access"] == catalog()));
        for none in ["", "x", "a.b", "a.b.c", "a.b.c.d"] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn one_that_is_made_up_is_for_the_service_of_the_challenge() {
        let tokens = made_up("https://auth.example.com:5001/auth", "registry.example.com");
        let issuers: Vec<Value> = tokens
            .iter()
            .map(|token| {
                let claims = read(token.split('.').nth(1).unwrap());
                assert_eq!(claims["aud"], "registry.example.com");
                claims["iss"].clone()
            })
            .collect();
        assert!(
            issuers.contains(&json!("auth.example.com")) && issuers.contains(&json!("registry.example.com"))
        );
    }
}
