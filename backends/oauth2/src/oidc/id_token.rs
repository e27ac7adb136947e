//! ID tokens (OpenID Connect Core 1.0, section 3.1.3.7).

use std::str::FromStr as _;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IssuerUrl, Nonce,
    SignatureVerificationError,
};

use super::claims::Claims;

/// The provider's clock may be wrong by so much.
const SKEW: Duration = Duration::from_secs(60);

/// What may sign: only what has a public key. With a shared secret whoever knows the client's could make up anybody.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What a token must say to be believed.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    /// None for a token that no browser had a hand in.
    pub(crate) nonce: Option<&'a str>,
    /// The one that came along.
    pub(crate) access_token: Option<&'a SecretString>,
    pub(crate) now: SystemTime,
}

/// Why a token is not believed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// No key fits: there may be newer ones.
    Key(String),
    Token(String),
}

/// The claims of a token that holds.
///
/// # Errors
/// Why it does not. Nothing of the token is repeated.
pub(crate) fn verify(
    token: &str,
    keys: &CoreJsonWebKeySet,
    expected: &Expected<'_>,
) -> Result<Claims, Distrust> {
    let unreadable =
        || Distrust::Token("the ID token cannot be read: it is no signed JWT of OpenID Connect".to_owned());
    let parsed = CoreIdToken::from_str(token).map_err(|_| unreadable())?;
    let issuer = IssuerUrl::new(expected.issuer.to_owned()).map_err(|_| unreadable())?;
    let now = expected.now;
    let expired_before = now.checked_sub(SKEW).unwrap_or(now);
    let verifier = CoreIdTokenVerifier::new_public_client(
        ClientId::new(expected.client_id.to_owned()),
        issuer,
        keys.clone(),
    )
    .set_allowed_algs(ALGORITHMS)
    // Others may be meant too, if it was made for us: see below.
    .set_other_audience_verifier_fn(|_| true)
    .set_time_fn(move || expired_before.into())
    .set_issue_time_verifier_fn(move |at| {
        let ahead = SystemTime::from(at).duration_since(now).unwrap_or_default();
        if ahead <= SKEW { Ok(()) } else { Err("from the future".to_owned()) }
    });
    let nonce = |found: Option<&Nonce>| match expected.nonce {
        Some(sent) if found.is_some_and(|found| found.secret() == sent) => Ok(()),
        Some(_) => Err("another nonce".to_owned()),
        None => Ok(()),
    };
    let claims = parsed.claims(&verifier, nonce).map_err(|error| distrust(&error))?;
    let is_ours = claims.authorized_party().map(|party| party.as_str() == expected.client_id);
    if is_ours == Some(false) || (is_ours.is_none() && claims.audiences().len() > 1) {
        return Err(Distrust::Token("the ID token was made for another client (`azp`)".to_owned()));
    }
    if let (Some(said), Some(access)) = (claims.access_token_hash(), expected.access_token) {
        let access = AccessToken::new(access.expose_secret().to_owned());
        let made = parsed.signing_alg().and_then(|algorithm| {
            let key = parsed.signing_key(&verifier)?;
            AccessTokenHash::from_token(&access, algorithm, key)
                .map_err(|_| SignatureVerificationError::Other(String::new()))
        });
        if made.ok().as_ref() != Some(said) {
            let why = "the ID token belongs to another access token (`at_hash`)";
            return Err(Distrust::Token(why.to_owned()));
        }
    }
    payload(token).ok_or_else(unreadable)
}

/// What a token says, as it stands there: for one that was verified before.
pub(crate) fn payload(token: &str) -> Option<Claims> {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok().map(Claims)
}

fn distrust(error: &ClaimsVerificationError) -> Distrust {
    use SignatureVerificationError as Signature;
    let why = match error {
        ClaimsVerificationError::Expired(_) => {
            "has expired, or comes from the future: compare the clocks of both machines"
        }
        ClaimsVerificationError::InvalidAudience(_) => "was made for another client (`aud`)",
        ClaimsVerificationError::InvalidIssuer(_) => "names another issuer (`iss`)",
        ClaimsVerificationError::InvalidNonce(_) => "belongs to another sign-in (`nonce`)",
        ClaimsVerificationError::SignatureVerification(signature) => match signature {
            Signature::NoMatchingKey => {
                return Distrust::Key(
                    "the ID token is signed with a key that the provider does not have".to_owned(),
                );
            }
            Signature::CryptoError(_) => {
                return Distrust::Key("the ID token's signature is wrong".to_owned());
            }
            Signature::NoSignature => "is not signed",
            Signature::DisallowedAlg(_) | Signature::UnsupportedAlg(_) => {
                "is signed in a way that is not believed here: RS256, PS256, ES256, EdDSA and their longer kin are"
            }
            Signature::AmbiguousKeyId(_) => "does not say which of the provider's keys it is signed with",
            _ => "cannot be checked with the provider's key",
        },
        _ => "is of a kind that is not known here",
    };
    Distrust::Token(format!("the ID token {why}"))
}
