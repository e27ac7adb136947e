//! Signing keys with their certificates, and what the registry is told to trust.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256,
    RsaKeySize,
};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Rsa2048,
    EcP256,
    /// One EC key in 128 is so, and many implementations drop the zero.
    EcLeadingZero,
    /// The registry knows only the authority that issued the signing certificate.
    EcIssuedByAuthority,
}

pub(crate) struct KeyFiles {
    pub(crate) key: PathBuf,
    pub(crate) certificate: PathBuf,
    /// The registry's `rootcertbundle`.
    pub(crate) trusted: PathBuf,
}

impl Key {
    pub(crate) fn algorithm(self) -> &'static str {
        match self {
            Self::Rsa2048 => "RS256",
            Self::EcP256 | Self::EcLeadingZero | Self::EcIssuedByAuthority => "ES256",
        }
    }

    pub(crate) fn write(self, dir: &Path) -> KeyFiles {
        let files = KeyFiles {
            key: dir.join("token.key"),
            certificate: dir.join("token.crt"),
            trusted: dir.join("trusted.crt"),
        };
        let (key, certificate, trusted) = self.generate();
        fs::write(&files.key, key).unwrap();
        fs::write(&files.certificate, certificate).unwrap();
        fs::write(&files.trusted, trusted).unwrap();
        files
    }

    /// Key, certificate, and the certificate that the registry trusts; all PEM.
    fn generate(self) -> (String, String, String) {
        match self {
            Self::Rsa2048 => {
                self_signed(&KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap())
            }
            Self::EcP256 => self_signed(&ec_key()),
            Self::EcLeadingZero => {
                let certificate = fixture("ec.leading-zero.crt");
                (fixture("ec.leading-zero.pem"), certificate.clone(), certificate)
            }
            Self::EcIssuedByAuthority => {
                let mut authority = named("tests' authority");
                authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                let authority_key = ec_key();
                let trusted = authority.self_signed(&authority_key).unwrap().pem();
                let issuer = Issuer::new(authority, authority_key);
                let key = ec_key();
                let leaf = named("tokens").signed_by(&key, &issuer).unwrap().pem();
                (key.serialize_pem(), leaf + &trusted, trusted)
            }
        }
    }
}

/// Of which registry 3 computes the right id: one key in 128 begins with a zero byte.
pub(crate) fn ec_key() -> KeyPair {
    let mut keys = std::iter::repeat_with(|| KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap());
    let begins_with_zero = |key: &KeyPair| {
        let (_, point) = key.public_key_raw().split_at(1);
        let (x, y) = point.split_at(point.len() / 2);
        x[0] == 0 || y[0] == 0
    };
    keys.find(|key| !begins_with_zero(key)).unwrap()
}

fn self_signed(key: &KeyPair) -> (String, String, String) {
    let certificate = named("tokens").self_signed(key).unwrap().pem();
    (key.serialize_pem(), certificate.clone(), certificate)
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params
}

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/keys").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
