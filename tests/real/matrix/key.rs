//! The keys that sign, each with the certificates that vouch for it.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519, PKCS_RSA_SHA256, SignatureAlgorithm,
    date_time_ymd,
};

use super::jwk::Jwk;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
    /// x or y starts with a zero byte: one key in 128.
    P256LeadingZero,
    /// The same, and here it is three keys in four: the first of 66 bytes holds a single bit.
    P521LeadingZero,
    /// What an authority issued; the others vouch for themselves.
    Issued,
    IssuedEd25519,
    IssuedByIntermediate,
    RsaExpired,
    P256Expired,
    P256NotYetValid,
    IssuedExpired,
    IssuedByExpired,
    /// The keys of `P256` and `Root` with a second certificate of the same name, which vouches for itself too.
    P256Again,
    RootAgain,
    /// Below an authority whose certificate is of version 1, as old recipes make them.
    IssuedByVersion1,
    /// Two authorities above it, of which the upper one allows none below itself.
    IssuedTooDeep,
    /// Certificates of authorities.
    Root,
    Intermediate,
    ExpiredRoot,
    RootOfVersion1,
    NarrowRoot,
    BelowNarrowRoot,
}

impl Key {
    const EACH: [Self; 25] = [
        Self::Root,
        Self::Intermediate,
        Self::ExpiredRoot,
        Self::Rsa,
        Self::P256,
        Self::P384,
        Self::P521,
        Self::Ed25519,
        Self::P256LeadingZero,
        Self::P521LeadingZero,
        Self::Issued,
        Self::IssuedEd25519,
        Self::IssuedByIntermediate,
        Self::RsaExpired,
        Self::P256Expired,
        Self::P256NotYetValid,
        Self::IssuedExpired,
        Self::IssuedByExpired,
        Self::P256Again,
        Self::RootAgain,
        Self::IssuedByVersion1,
        Self::RootOfVersion1,
        Self::IssuedTooDeep,
        Self::NarrowRoot,
        Self::BelowNarrowRoot,
    ];

    /// Whose key and name it has.
    fn original(self) -> Self {
        match self {
            Self::P256Again => Self::P256,
            Self::RootAgain => Self::Root,
            itself => itself,
        }
    }

    /// Who vouches for it.
    fn issuer(self) -> Self {
        match self {
            Self::Issued | Self::IssuedEd25519 | Self::IssuedExpired | Self::Intermediate => Self::Root,
            Self::IssuedByIntermediate => Self::Intermediate,
            Self::IssuedByExpired => Self::ExpiredRoot,
            Self::IssuedByVersion1 => Self::RootOfVersion1,
            Self::IssuedTooDeep => Self::BelowNarrowRoot,
            Self::BelowNarrowRoot => Self::NarrowRoot,
            itself => itself,
        }
    }

    fn kind(self) -> &'static SignatureAlgorithm {
        match self {
            Self::Rsa | Self::RsaExpired => &PKCS_RSA_SHA256,
            Self::P384 => &PKCS_ECDSA_P384_SHA384,
            Self::P521 | Self::P521LeadingZero => &PKCS_ECDSA_P521_SHA512,
            Self::Ed25519 | Self::IssuedEd25519 => &PKCS_ED25519,
            _ => &PKCS_ECDSA_P256_SHA256,
        }
    }

    /// Whether its own certificate is over.
    pub(crate) fn has_expired(self) -> bool {
        matches!(self, Self::RsaExpired | Self::P256Expired | Self::IssuedExpired | Self::ExpiredRoot)
    }

    /// Key and certificate of what cannot be made here: `openssl x509 -req` did.
    fn kept(self) -> Option<[&'static str; 2]> {
        match self {
            Self::RootOfVersion1 => {
                Some([include_str!("data/version-1-root.key"), include_str!("data/version-1-root.crt")])
            }
            Self::IssuedByVersion1 => {
                Some([include_str!("data/version-1-leaf.key"), include_str!("data/version-1-leaf.crt")])
            }
            _ => None,
        }
    }

    fn draw(self) -> KeyPair {
        if let Some([key, _]) = self.kept() {
            return KeyPair::from_pem(key).unwrap();
        }
        let zero = matches!(self, Self::P256LeadingZero | Self::P521LeadingZero);
        let mut keys = (0..10_000).map(|_| KeyPair::generate_for(self.kind()).unwrap());
        keys.find(|key| Jwk::of(key).leading_zero() == zero).expect("one key in 128 is so")
    }

    fn certificate(self) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("{:?}", self.original()));
        if self.has_expired() {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        }
        if self == Self::P256NotYetValid {
            params.not_before = date_time_ymd(3000, 1, 1);
        }
        if self != self.original() {
            params.not_after = date_time_ymd(3000, 1, 1);
        }
        match self.original() {
            Self::Root | Self::Intermediate | Self::ExpiredRoot | Self::BelowNarrowRoot => {
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            }
            Self::NarrowRoot => params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)),
            _ => {}
        }
        params
    }
}

/// A key with its certificate.
pub(crate) struct Held {
    /// The private key.
    pub(crate) pkcs8: Vec<u8>,
    pub(crate) key_pem: String,
    pub(crate) public: Jwk,
    pub(crate) certificate_pem: String,
    pub(crate) certificate: Vec<u8>,
}

/// All of them, made once a test.
pub(crate) struct Keyring(HashMap<Key, Held>);

impl Keyring {
    pub(crate) fn generate() -> Self {
        let pairs: HashMap<Key, KeyPair> = Key::EACH.iter().map(|&key| (key, key.draw())).collect();
        let hold = |key: Key| {
            let pair = &pairs[&key.original()];
            let certificate_pem = key.kept().map(|[_, certificate]| certificate.to_owned());
            let certificate_pem = certificate_pem.unwrap_or_else(|| {
                let issuer = Issuer::new(key.issuer().certificate(), &pairs[&key.issuer().original()]);
                key.certificate().signed_by(pair, &issuer).unwrap().pem()
            });
            let held = Held {
                pkcs8: pair.serialize_der(),
                key_pem: pair.serialize_pem(),
                public: Jwk::of(pair),
                certificate: der(&certificate_pem),
                certificate_pem,
            };
            (key, held)
        };
        Self(Key::EACH.into_iter().map(hold).collect())
    }

    pub(crate) fn of(&self, key: Key) -> &Held {
        &self.0[&key]
    }

    /// The certificates from `key`'s own up to the authority that vouches for itself.
    pub(crate) fn chain(&self, key: Key) -> Vec<&Held> {
        let mut chain = vec![self.of(key)];
        let mut key = key;
        while key != key.issuer() {
            key = key.issuer();
            chain.push(self.of(key));
        }
        chain
    }
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}
