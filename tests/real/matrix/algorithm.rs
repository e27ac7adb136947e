//! Signatures of every algorithm that a registry may know, whether or not the server makes them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Es256,
    Es384,
    Es512,
    EdDsa,
}

impl Algorithm {
    /// The `alg` of RFC 7518 and RFC 8037.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Signs with a PKCS#8 key.
    pub(crate) fn sign(self, pkcs8: &[u8], message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rs256 => rsa(&RSA_PKCS1_SHA256, pkcs8, message),
            Self::Rs384 => rsa(&RSA_PKCS1_SHA384, pkcs8, message),
            Self::Rs512 => rsa(&RSA_PKCS1_SHA512, pkcs8, message),
            Self::Ps256 => rsa(&RSA_PSS_SHA256, pkcs8, message),
            Self::Es256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, message),
            Self::Es384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, pkcs8, message),
            Self::Es512 => ecdsa(&ECDSA_P521_SHA512_FIXED_SIGNING, pkcs8, message),
            Self::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8).unwrap().sign(message).as_ref().to_vec(),
        }
    }
}

fn rsa(encoding: &'static dyn RsaEncoding, pkcs8: &[u8], message: &[u8]) -> Vec<u8> {
    let key = RsaKeyPair::from_pkcs8(pkcs8).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
    signature
}

fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, pkcs8: &[u8], message: &[u8]) -> Vec<u8> {
    let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).unwrap();
    key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
}
