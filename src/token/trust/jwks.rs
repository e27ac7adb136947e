use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::TrustFile;
use crate::token::public_key::{Curve, KeyMaterial};

/// A registry cannot use the file as `jwks`.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}; give the registry what `dockgate keys export --jwks CONFIG` prints", path.display())]
pub struct JwksError {
    path: PathBuf,
    problem: JwksProblem,
}

#[derive(Debug, thiserror::Error)]
enum JwksProblem {
    /// Where it ceases to be one. The parser's own words may quote the file.
    #[error("is no JWK set (line {0}, column {1})")]
    Malformed(usize, usize),
    #[error("holds no key")]
    Empty,
    #[error("key {0} in the file is damaged or of a kind that is not known here")]
    BadKey(usize),
    #[error(
        "key {0} in the file is a private one, which no registry should be given: make a new key, since this one \
             may have been seen"
    )]
    PrivateKey(usize),
}

/// A key that a registry finds by its id.
#[derive(Debug)]
pub(super) struct TrustedJwk {
    pub(super) kid: String,
    pub(super) key: KeyMaterial,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    #[serde(default)]
    kid: String,
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    /// The private member (RFC 7518 sections 6.2.2.1 and 6.3.2.1); only that it is there counts.
    d: Option<serde::de::IgnoredAny>,
    /// That of a symmetric key.
    k: Option<serde::de::IgnoredAny>,
}

pub(super) fn read(file: &TrustFile) -> Result<Vec<TrustedJwk>, JwksError> {
    let failed = |problem| JwksError { path: file.path.clone(), problem };
    let document: Document = serde_json::from_slice(&file.bytes)
        .map_err(|error| failed(JwksProblem::Malformed(error.line(), error.column())))?;
    if document.keys.is_empty() {
        return Err(failed(JwksProblem::Empty));
    }
    let keys = document.keys.into_iter().enumerate().map(|(position, jwk)| {
        if jwk.d.is_some() || jwk.k.is_some() {
            return Err(failed(JwksProblem::PrivateKey(position + 1)));
        }
        let key = jwk.material().ok_or_else(|| failed(JwksProblem::BadKey(position + 1)))?;
        Ok(TrustedJwk { kid: jwk.kid, key })
    });
    keys.collect()
}

impl Jwk {
    fn material(&self) -> Option<KeyMaterial> {
        let number = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
            (!bytes.is_empty()).then_some(bytes)
        };
        match self.kty.as_str() {
            "RSA" => {
                let trimmed = |bytes: Vec<u8>| bytes.into_iter().skip_while(|byte| *byte == 0).collect();
                Some(KeyMaterial::Rsa { n: trimmed(number(&self.n)?), e: trimmed(number(&self.e)?) })
            }
            "EC" => {
                let curve = Curve::from_name(&self.crv)?;
                Some(KeyMaterial::Ec { curve, x: number(&self.x)?, y: number(&self.y)? })
            }
            "OKP" if self.crv == "Ed25519" => Some(KeyMaterial::Ed25519 { x: number(&self.x)? }),
            _ => None,
        }
    }
}
