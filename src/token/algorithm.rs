use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaSigningAlgorithm, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding,
};

use super::public_key::{Curve, KeyMaterial};

/// A JWS signature algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1) that tokens are signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256; every registry takes it. The default for RSA keys.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256; registry 3 takes it, registry 2 does not.
    Ps256,
    /// ECDSA on P-256 with SHA-256: a fraction of the cost of RSA, and the default for new keys.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519; registry 3 takes it, registry 2 does not start with such a certificate.
    EdDsa,
}

/// How the crypto library is asked for a signature.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scheme {
    Rsa(&'static dyn RsaEncoding),
    Ecdsa(Curve, &'static EcdsaSigningAlgorithm),
    Ed25519,
}

struct Row {
    name: &'static str,
    scheme: Scheme,
}

static RS256: Row = Row { name: "RS256", scheme: Scheme::Rsa(&RSA_PKCS1_SHA256) };
static RS384: Row = Row { name: "RS384", scheme: Scheme::Rsa(&RSA_PKCS1_SHA384) };
static RS512: Row = Row { name: "RS512", scheme: Scheme::Rsa(&RSA_PKCS1_SHA512) };
static PS256: Row = Row { name: "PS256", scheme: Scheme::Rsa(&RSA_PSS_SHA256) };
static ES256: Row =
    Row { name: "ES256", scheme: Scheme::Ecdsa(Curve::P256, &ECDSA_P256_SHA256_FIXED_SIGNING) };
static ES384: Row =
    Row { name: "ES384", scheme: Scheme::Ecdsa(Curve::P384, &ECDSA_P384_SHA384_FIXED_SIGNING) };
static ES512: Row =
    Row { name: "ES512", scheme: Scheme::Ecdsa(Curve::P521, &ECDSA_P521_SHA512_FIXED_SIGNING) };
static EDDSA: Row = Row { name: "EdDSA", scheme: Scheme::Ed25519 };

impl Algorithm {
    /// Every algorithm, in the order in which help texts name them; of those that fit a key the first is its default.
    pub const ALL: &[Self] = &[
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    fn row(self) -> &'static Row {
        match self {
            Self::Rs256 => &RS256,
            Self::Rs384 => &RS384,
            Self::Rs512 => &RS512,
            Self::Ps256 => &PS256,
            Self::Es256 => &ES256,
            Self::Es384 => &ES384,
            Self::Es512 => &ES512,
            Self::EdDsa => &EDDSA,
        }
    }

    /// The `alg` value of a JWS header and a JWK, such as `ES256`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The algorithm of that `alg` value; the case counts, as in RFC 7515 section 4.1.1.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }

    /// The algorithms that a key can sign with, its default first.
    pub fn of_key(key: &KeyMaterial) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |algorithm| algorithm.fits(key))
    }

    /// Whether a key can sign with it.
    pub fn fits(self, key: &KeyMaterial) -> bool {
        match (self.scheme(), key) {
            (Scheme::Rsa(_), KeyMaterial::Rsa { .. }) | (Scheme::Ed25519, KeyMaterial::Ed25519 { .. }) => {
                true
            }
            (Scheme::Ecdsa(wanted, _), KeyMaterial::Ec { curve, .. }) => wanted == *curve,
            _ => false,
        }
    }

    pub(super) fn scheme(self) -> Scheme {
        self.row().scheme
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Algorithm;
    use crate::token::fixtures;

    #[test]
    fn names_lead_back_to_their_algorithm() {
        for &algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
        }
        assert_eq!(Algorithm::from_name("es256"), None);
        assert_eq!(Algorithm::from_name("none"), None);
    }

    #[test]
    fn the_first_that_fits_a_key_is_its_default() {
        for key in fixtures::one_of_each_kind() {
            let default = Algorithm::of_key(key.public_key().material()).next();
            assert_eq!(default, Some(key.algorithm()));
        }
        let of_rsa: Vec<Algorithm> = Algorithm::of_key(fixtures::rsa().public_key().material()).collect();
        assert_eq!(of_rsa, [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256]);
    }
}
