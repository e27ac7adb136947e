//! The two certificates of managed keys: a CA that does nothing but sign leaves, and such a leaf.

use std::fmt;
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData as _,
};
use time::OffsetDateTime;

use super::public_key::PublicKey;

/// One key in 128 is drawn again; so many in a row means that the generator is broken.
const MOST_DRAWS: u32 = 64;

/// Of the hash of the public key, in the names of certificates: enough that no two in one bundle are alike.
const ID_BYTES: usize = 8;

/// A new key and its certificate.
pub(super) struct Generated {
    /// The certificate, PEM.
    pub(super) certificate_pem: String,
    /// The private key, PKCS#8 PEM. Write it with mode 0600.
    pub(super) key_pem: String,
}

impl fmt::Debug for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generated").field("certificate_pem", &self.certificate_pem).finish_non_exhaustive()
    }
}

/// No key or certificate could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The validity ends before it starts, or its years cannot be written into a certificate.
    #[error("the certificate's validity is empty or out of range")]
    Validity,
    /// The crypto library made no key.
    #[error("cannot generate a key")]
    Key,
    /// The certificate could not be signed.
    #[error("cannot sign the certificate")]
    Certificate,
}

/// A new CA with an EC P-256 key: it may sign certificates of leaves and revocation lists, and no other CA.
pub(super) fn signing_ca(validity: Range<SystemTime>) -> Result<Generated, GenerateError> {
    let key = new_key()?;
    let mut params = params(&format!("dockgate signing CA {}", id(&key)), validity)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key).map_err(|_| GenerateError::Certificate)?;
    Ok(Generated { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
}

/// A new leaf of that CA with an EC P-256 key, for digital signatures only.
pub(super) fn signing_leaf(
    ca: &Issuer<'_, KeyPair>,
    validity: Range<SystemTime>,
) -> Result<Generated, GenerateError> {
    let key = new_key()?;
    let mut params = params(&format!("dockgate token signing {}", id(&key)), validity)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, ca).map_err(|_| GenerateError::Certificate)?;
    Ok(Generated { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
}

fn params(name: &str, validity: Range<SystemTime>) -> Result<CertificateParams, GenerateError> {
    if validity.is_empty() {
        return Err(GenerateError::Validity);
    }
    let mut params = CertificateParams::default();
    (params.not_before, params.not_after) = (calendar(validity.start)?, calendar(validity.end)?);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn id(key: &KeyPair) -> String {
    let hash = digest(&SHA256, &key.subject_public_key_info());
    HEXLOWER.encode(hash.as_ref().get(..ID_BYTES).unwrap_or_default())
}

fn new_key() -> Result<KeyPair, GenerateError> {
    draw(|| KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256))
}

fn draw(mut next: impl FnMut() -> Result<KeyPair, rcgen::Error>) -> Result<KeyPair, GenerateError> {
    for _ in 0..MOST_DRAWS {
        let key = next().map_err(|_| GenerateError::Key)?;
        let public = PublicKey::from_spki(&key.subject_public_key_info()).map_err(|_| GenerateError::Key)?;
        if !public.has_leading_zero_coordinate() {
            return Ok(key);
        }
    }
    Err(GenerateError::Key)
}

/// The moment in the calendar, in whole seconds.
pub(super) fn calendar(time: SystemTime) -> Result<OffsetDateTime, GenerateError> {
    let seconds = time.duration_since(UNIX_EPOCH).map_err(|_| GenerateError::Validity)?.as_secs();
    let seconds = i64::try_from(seconds).map_err(|_| GenerateError::Validity)?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| GenerateError::Validity)
}

#[cfg(test)]
mod tests;
