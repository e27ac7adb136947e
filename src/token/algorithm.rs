use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaSigningAlgorithm, RSA_PKCS1_SHA256, RsaEncoding,
};

/// A JWS signature algorithm (RFC 7518 section 3.1) that this build signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256; every registry takes it.
    Rs256,
    /// ECDSA on P-256 with SHA-256: a fraction of the cost of RSA, and the default for new keys.
    Es256,
}

/// How the crypto library is asked for a signature.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scheme {
    Rsa(&'static dyn RsaEncoding),
    Ecdsa(&'static EcdsaSigningAlgorithm),
}

struct Row {
    name: &'static str,
    scheme: Scheme,
}

static RS256: Row = Row { name: "RS256", scheme: Scheme::Rsa(&RSA_PKCS1_SHA256) };
static ES256: Row = Row { name: "ES256", scheme: Scheme::Ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING) };

impl Algorithm {
    /// Every algorithm of this build, in the order in which help texts name them.
    pub const ALL: &[Self] = &[Self::Rs256, Self::Es256];

    fn row(self) -> &'static Row {
        match self {
            Self::Rs256 => &RS256,
            Self::Es256 => &ES256,
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

    #[test]
    fn names_lead_back_to_their_algorithm() {
        for &algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
        }
        assert_eq!(Algorithm::from_name("es256"), None);
        assert_eq!(Algorithm::from_name("none"), None);
    }
}
