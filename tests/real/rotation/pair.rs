//! Pairs of certificate and key, as somebody renews them by hand.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

use crate::keys::ec_key;

/// Who issues certificates.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) certificate: String,
}

/// What both files hold, PEM.
pub(super) struct Pair {
    pub(super) certificate: String,
    pub(super) key: String,
}

pub(super) const CERTIFICATE: &str = "token.crt";
pub(super) const KEY: &str = "token.key";

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = named("authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = ec_key();
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// A certificate for the key; the file has the authority's too.
    pub(super) fn issue(&self, key: &KeyPair) -> Pair {
        let leaf = named("tokens").signed_by(key, &self.issuer).unwrap().pem();
        Pair { certificate: leaf + &self.certificate, key: key.serialize_pem() }
    }
}

impl Pair {
    /// That of a key that vouches for itself.
    pub(super) fn self_signed(key: &KeyPair) -> Self {
        Self { certificate: named("tokens").self_signed(key).unwrap().pem(), key: key.serialize_pem() }
    }

    /// The same, and its certificate has ended.
    pub(super) fn expired() -> Self {
        let key = ec_key();
        let mut params = named("tokens");
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
        Self { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
    }

    pub(super) fn write(&self, dir: &Path) {
        fs::write(dir.join(CERTIFICATE), &self.certificate).unwrap();
        fs::write(dir.join(KEY), &self.key).unwrap();
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
