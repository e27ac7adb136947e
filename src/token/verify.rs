//! Our own tokens, come back: what a registry does with them, for those who have none that can.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::algorithm::Algorithm;
use super::jwks::PublishedKey;

/// Larger ones we never sign.
const LONGEST: usize = 64 * 1024;
/// How far the clock of another replica may be ahead.
const EARLY: Duration = Duration::from_secs(60);

/// Tells our own tokens from all others.
pub struct Verifier {
    issuer: String,
    keys: Vec<(Algorithm, ParsedPublicKey)>,
}

/// What a token of ours says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The account; empty for anonymous.
    pub subject: String,
    /// Names the token in the audit log.
    pub jwt_id: String,
    /// What it was signed for.
    pub access: Vec<VerifiedAccess>,
}

/// What a token grants on one resource.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct VerifiedAccess {
    /// The resource's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The resource's class, if it has one.
    pub class: Option<String>,
    /// The resource's name.
    pub name: String,
    /// The granted actions.
    pub actions: Vec<String>,
}

/// Why a token counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadToken {
    /// It is no token of the kind that is signed here.
    Malformed,
    /// None of our keys signed it.
    Signature,
    /// It is for another registry, or by another issuer.
    Audience,
    /// Its time has not come, or has passed.
    Time,
}

impl BadToken {
    /// For the log.
    pub fn message(self) -> &'static str {
        match self {
            Self::Malformed => "it is no token of the kind that is signed here",
            Self::Signature => "no key of this server signed it",
            Self::Audience => "it is another issuer's, or for another service",
            Self::Time => "it has expired, or is not valid yet",
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    nbf: u64,
    exp: u64,
    jti: String,
    access: Vec<VerifiedAccess>,
}

impl Verifier {
    /// Knows tokens of this issuer by these keys.
    pub fn new<'a>(issuer: impl Into<String>, keys: impl IntoIterator<Item = PublishedKey<'a>>) -> Self {
        let parsed = keys.into_iter().filter_map(|published| {
            let key = ParsedPublicKey::new(verification(published.algorithm), published.key.spki()).ok()?;
            Some((published.algorithm, key))
        });
        Self { issuer: issuer.into(), keys: parsed.collect() }
    }

    /// What a token for a service says, if it is one of ours and its time is now.
    ///
    /// # Errors
    /// Why it counts for nothing.
    pub fn verify(&self, token: &str, service: &str, now: SystemTime) -> Result<Verified, BadToken> {
        let (message, signature) = token.rsplit_once('.').ok_or(BadToken::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(BadToken::Malformed)?;
        if token.len() > LONGEST {
            return Err(BadToken::Malformed);
        }
        let header: Header = decoded(header)?;
        let algorithm = Algorithm::from_name(&header.alg).ok_or(BadToken::Malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| BadToken::Malformed)?;
        // A key signs with one algorithm, whatever a token says of itself.
        let mut keys = self.keys.iter().filter(|(of_key, _)| *of_key == algorithm);
        if !keys.any(|(_, key)| key.verify_sig(message.as_bytes(), &signature).is_ok()) {
            return Err(BadToken::Signature);
        }
        let claims: Claims = decoded(claims)?;
        if claims.iss != self.issuer || claims.aud != service {
            return Err(BadToken::Audience);
        }
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        if claims.exp <= now.as_secs() || claims.nbf > (now + EARLY).as_secs() {
            return Err(BadToken::Time);
        }
        Ok(Verified { subject: claims.sub, jwt_id: claims.jti, access: claims.access })
    }
}

impl Verified {
    /// Whether it grants an action on a resource: this one by name and no other. What rules grant on plugins alone
    /// (`repository(plugin):…`) is none on the repository of that name: a path does not say what is in it.
    pub fn grants(&self, kind: &str, name: &str, action: &str) -> bool {
        let is_of =
            |access: &&VerifiedAccess| access.class.is_none() && access.kind == kind && access.name == name;
        let of = self.access.iter().filter(is_of);
        of.flat_map(|access| &access.actions).any(|granted| granted == action)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<_> = self.keys.iter().map(|(algorithm, _)| algorithm).collect();
        f.debug_struct("Verifier").field("issuer", &self.issuer).field("keys", &algorithms).finish()
    }
}

fn decoded<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, BadToken> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| BadToken::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| BadToken::Malformed)
}

pub(super) fn verification(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &ECDSA_P384_SHA384_FIXED,
        Algorithm::Es512 => &ECDSA_P521_SHA512_FIXED,
        Algorithm::EdDsa => &ED25519,
    }
}

#[cfg(test)]
mod tests;
