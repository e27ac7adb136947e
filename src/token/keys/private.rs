use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};

use super::error::KeyProblem;
use super::pem::Blocks;
use crate::token::algorithm::Algorithm;
use crate::token::public_key::PublicKey;
use crate::token::sign::{LocalKey, LocalSigner, Sign};

pub(super) fn read(pem: &[u8]) -> Result<(Arc<dyn Sign>, PublicKey), KeyProblem> {
    let blocks = Blocks::read(pem)?;
    let (algorithm, key) = parse(blocks.private_key()?)?;
    let spki: Result<PublicKeyX509Der<'_>, Unspecified> = match &key {
        LocalKey::Rsa(pair) => pair.public_key().as_der(),
        LocalKey::Ecdsa(pair) => pair.public_key().as_der(),
    };
    let spki = spki.map_err(|_| KeyProblem::UnknownKey)?;
    let public_key = PublicKey::from_spki(spki.as_ref()).map_err(|_| KeyProblem::UnknownKey)?;
    Ok((Arc::new(LocalSigner::new(algorithm, key)), public_key))
}

/// The kind is found by trying, not by the PEM label: labels lie often enough, and Go tries too.
fn parse(der: &[u8]) -> Result<(Algorithm, LocalKey), KeyProblem> {
    if let Some(pair) = rsa(der)? {
        return Ok((Algorithm::Rs256, LocalKey::Rsa(pair)));
    }
    if let Ok(pair) = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
        return Ok((Algorithm::Es256, LocalKey::Ecdsa(pair)));
    }
    if EcdsaKeyPair::from_private_key_der(&ECDSA_P384_SHA384_FIXED_SIGNING, der).is_ok() {
        return Err(KeyProblem::NotYet("EC P-384"));
    }
    if EcdsaKeyPair::from_private_key_der(&ECDSA_P521_SHA512_FIXED_SIGNING, der).is_ok() {
        return Err(KeyProblem::NotYet("EC P-521"));
    }
    if Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).is_ok() {
        return Err(KeyProblem::NotYet("Ed25519"));
    }
    Err(KeyProblem::UnknownKey)
}

fn rsa(der: &[u8]) -> Result<Option<RsaKeyPair>, KeyProblem> {
    for attempt in [RsaKeyPair::from_pkcs8(der), RsaKeyPair::from_der(der)] {
        match attempt {
            Ok(pair) => return Ok(Some(pair)),
            Err(rejected) => match rejected.to_string().as_str() {
                "TooSmall" => return Err(KeyProblem::RsaTooSmall),
                "TooLarge" => return Err(KeyProblem::RsaTooLarge),
                _ => {}
            },
        }
    }
    Ok(None)
}
