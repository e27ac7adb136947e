use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};

use super::algorithm::{Algorithm, Scheme};

/// Something that signs with one private key and one algorithm: a key held here, or a key service elsewhere.
pub trait Sign: Send + Sync {
    /// The algorithm of every signature this makes; it goes into the `alg` header.
    fn algorithm(&self) -> Algorithm;

    /// The JWS signature value over `message` (RFC 7515 section 5.1): for ECDSA the fixed-length `R || S` of
    /// RFC 7518 section 3.4, never ASN.1.
    ///
    /// # Errors
    /// The key could not be used; nothing was signed.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// A signature could not be made. The reason is for the log, never for a client.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign with the {algorithm} key: {reason}")]
pub struct SignError {
    algorithm: Algorithm,
    reason: String,
}

impl SignError {
    /// An error of the signer of `algorithm`; `reason` must hold no key material.
    pub fn new(algorithm: Algorithm, reason: impl Into<String>) -> Self {
        Self { algorithm, reason: reason.into() }
    }
}

/// A private key parsed once and held; parsing it for every token costs more than an ECDSA signature.
pub(super) enum LocalKey {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Signs in this process with a held key.
pub(super) struct LocalSigner {
    algorithm: Algorithm,
    key: LocalKey,
    random: SystemRandom,
}

impl LocalSigner {
    pub(super) fn new(algorithm: Algorithm, key: LocalKey) -> Self {
        Self { algorithm, key, random: SystemRandom::new() }
    }
}

impl Sign for LocalSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let failed = |_| SignError::new(self.algorithm, "the crypto library refused");
        match (&self.key, self.algorithm.scheme()) {
            (LocalKey::Rsa(pair), Scheme::Rsa(encoding)) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &self.random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            // Curve, digest and signature form were fixed when the pair was parsed: check that they are these.
            (LocalKey::Ecdsa(pair), Scheme::Ecdsa(_, scheme)) if pair.algorithm() == scheme => {
                Ok(pair.sign(&self.random, message).map_err(failed)?.as_ref().to_vec())
            }
            (LocalKey::Ed25519(pair), Scheme::Ed25519) => {
                Ok(pair.try_sign(message).map_err(failed)?.as_ref().to_vec())
            }
            _ => Err(SignError::new(self.algorithm, "the key is of another kind")),
        }
    }
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSigner").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
