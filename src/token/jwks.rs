use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::keys::SigningKey;
use super::kid::KidKind;
use super::public_key::{KeyMaterial, PublicKey};

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
}

/// The JWK set of these keys (RFC 7517 section 5), as served at `/.well-known/jwks.json`: public members only, each
/// key under its libtrust id and its RFC 7638 id, so that a registry finds it whichever the token names.
///
/// # Errors
/// Only if the JSON encoder fails; it has no reason to.
pub fn jwks_document<'a>(
    keys: impl IntoIterator<Item = &'a SigningKey>,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut document = Document { keys: Vec::new() };
    for key in keys {
        for kind in KidKind::ALL {
            let jwk = Jwk {
                kid: kind.of(key.public_key()),
                usage: "sig",
                alg: key.algorithm().name(),
                members: members(key.public_key()),
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
        KeyMaterial::P256 { x, y } => Members::Ec { kty: "EC", crv: "P-256", x: b64(x), y: b64(y) },
    }
}

#[cfg(test)]
mod tests;
