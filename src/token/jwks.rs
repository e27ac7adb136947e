use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::algorithm::Algorithm;
use super::kid::KeyId;
use super::public_key::{KeyMaterial, PublicKey};

/// A public key as registries are told of it.
#[derive(Debug, Clone)]
pub struct PublishedKey<'a> {
    /// The key.
    pub key: &'a PublicKey,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The ids under which tokens name it, beside those that follow from the key itself.
    pub ids: Vec<KeyId>,
}

#[derive(Serialize)]
struct Document {
    keys: Vec<Jwk>,
}

#[derive(Serialize, PartialEq)]
struct Jwk {
    kid: String,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    #[serde(flatten)]
    members: Members,
}

#[derive(Serialize, PartialEq)]
#[serde(untagged)]
enum Members {
    Rsa { kty: &'static str, n: String, e: String },
    Ec { kty: &'static str, crv: &'static str, x: String, y: String },
    Okp { kty: &'static str, crv: &'static str, x: String },
}

/// The JWK set of these keys (RFC 7517 section 5), as served at `/.well-known/jwks.json`: public members only, each
/// key under its libtrust id, its RFC 7638 id and its given ones, so that a registry finds it whichever the token names.
///
/// # Errors
/// Only if the JSON encoder fails; it has no reason to.
pub fn jwks_document<'a>(
    keys: impl IntoIterator<Item = PublishedKey<'a>>,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut document = Document { keys: Vec::new() };
    for published in keys {
        for id in KeyId::COMPUTED.iter().chain(&published.ids) {
            let jwk = Jwk {
                kid: id.of(published.key),
                usage: "sig",
                alg: published.algorithm.name(),
                members: members(published.key),
            };
            if !document.keys.contains(&jwk) {
                document.keys.push(jwk);
            }
        }
    }
    serde_json::to_vec(&document)
}

fn members(key: &PublicKey) -> Members {
    let b64 = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
    match key.material() {
        KeyMaterial::Rsa { n, e } => Members::Rsa { kty: "RSA", n: b64(n), e: b64(e) },
        KeyMaterial::Ec { curve, x, y } => Members::Ec { kty: "EC", crv: curve.name(), x: b64(x), y: b64(y) },
        KeyMaterial::Ed25519 { x } => Members::Okp { kty: "OKP", crv: "Ed25519", x: b64(x) },
    }
}

#[cfg(test)]
mod tests;
