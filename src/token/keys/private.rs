use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};

use super::error::KeyProblem;
use super::pem::Blocks;
use crate::token::algorithm::{Algorithm, Scheme};
use crate::token::public_key::PublicKey;
use crate::token::sign::{LocalKey, LocalSigner, Sign};

/// The first private key of a PEM file, to sign with that algorithm or with the key's default.
pub(super) fn read(
    pem: &[u8],
    algorithm: Option<Algorithm>,
) -> Result<(Arc<dyn Sign>, PublicKey), KeyProblem> {
    let blocks = Blocks::read(pem)?;
    let key = parse(blocks.private_key()?)?;
    let spki: Result<PublicKeyX509Der<'_>, Unspecified> = match &key {
        LocalKey::Rsa(pair) => pair.public_key().as_der(),
        LocalKey::Ecdsa(pair) => pair.public_key().as_der(),
        LocalKey::Ed25519(pair) => pair.public_key().as_der(),
    };
    let spki = spki.map_err(|_| KeyProblem::UnknownKey)?;
    let public_key = PublicKey::from_spki(spki.as_ref()).map_err(|_| KeyProblem::UnknownKey)?;
    let material = public_key.material();
    let algorithm = match algorithm {
        Some(wanted) if wanted.fits(material) => wanted,
        Some(wanted) => return Err(KeyProblem::other_algorithm(wanted, material)),
        None => Algorithm::of_key(material).next().ok_or(KeyProblem::UnknownKey)?,
    };
    Ok((Arc::new(LocalSigner::new(algorithm, key)), public_key))
}

/// The kind is found by trying, not by the PEM label: labels lie often enough, and Go tries too.
fn parse(der: &[u8]) -> Result<LocalKey, KeyProblem> {
    if let Some(pair) = rsa(der)? {
        return Ok(LocalKey::Rsa(pair));
    }
    for algorithm in Algorithm::ALL {
        if let Scheme::Ecdsa(_, scheme) = algorithm.scheme()
            && let Ok(pair) = EcdsaKeyPair::from_private_key_der(scheme, der)
        {
            return Ok(LocalKey::Ecdsa(pair));
        }
    }
    // "Maybe unchecked" is the form that OpenSSL writes, without the public key, which is computed.
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(LocalKey::Ed25519).map_err(|_| KeyProblem::UnknownKey)
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
