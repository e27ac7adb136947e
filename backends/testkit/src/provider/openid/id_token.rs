//! ID tokens (OpenID Connect Core 1.0, section 2), the right ones and the wrong ones.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::super::jose::{Key, unsigned};
use super::state::{State, Token};
use super::{Attack, Double};

/// Five minutes: as long as providers let one live that is looked at once.
const LIFETIME: u64 = 300;

impl Double {
    pub(super) fn id_token(
        &self,
        state: &State,
        token: &Token,
        access: &str,
        nonce: Option<String>,
    ) -> Option<String> {
        let mut claims = self.claims(state, token, access, nonce);
        let header = |alg: &str, kid: &str| json!({"alg": alg, "typ": "JWT", "kid": kid});
        let right = header("RS256", &state.key.id);
        match &state.attack {
            Some(Attack::NoIdToken) => return None,
            Some(Attack::Claim(name, value)) => {
                claims.insert((*name).to_owned(), value.clone());
            }
            Some(Attack::Without(name)) => {
                claims.remove(*name);
            }
            _ => {}
        }
        let signed = Value::Object(claims.clone());
        Some(match &state.attack {
            Some(Attack::Unsigned) => format!("{}.", unsigned(&header("none", &state.key.id), &signed)),
            Some(Attack::PublicKeyAsSecret) => {
                let text = unsigned(&header("HS256", &state.key.id), &signed);
                let key = hmac::Key::new(hmac::HMAC_SHA256, state.key.public_jwk().to_string().as_bytes());
                format!("{text}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes())))
            }
            Some(Attack::OtherKey) => Key::new("another").sign(&right, &signed),
            Some(Attack::UnknownKey) => Key::new("another").sign(&header("RS256", "another"), &signed),
            Some(Attack::Changed(name, value)) => {
                let honest = state.key.sign(&right, &signed);
                let signature = honest.rsplit('.').next().unwrap_or_default();
                claims.insert((*name).to_owned(), value.clone());
                format!("{}.{signature}", unsigned(&right, &Value::Object(claims)))
            }
            _ => state.key.sign(&right, &signed),
        })
    }

    fn claims(
        &self,
        state: &State,
        token: &Token,
        access: &str,
        nonce: Option<String>,
    ) -> Map<String, Value> {
        let mut claims = state.people.get(&token.subject).cloned().unwrap_or_default();
        claims.retain(|name, _| !state.userinfo_only.contains(name));
        let now = self.time.seconds();
        let hash = digest(&SHA256, access.as_bytes());
        let half = hash.as_ref().get(..16).unwrap_or_default();
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        set("iss", self.issuer.clone().into());
        set("sub", token.subject.clone().into());
        set("aud", token.client.clone().into());
        set("iat", now.into());
        set("exp", (now + LIFETIME).into());
        set("at_hash", URL_SAFE_NO_PAD.encode(half).into());
        if let Some(nonce) = nonce {
            set("nonce", nonce.into());
        }
        claims
    }
}
