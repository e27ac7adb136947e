//! The two certificates of managed keys: a CA that does nothing but sign leaves, and such a leaf.

use std::ops::Range;
use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use rcgen::{
    BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _,
};

use super::{GenerateError, Generated, calendar, common_name, new_key};

/// Of the hash of the public key, in the names of certificates: enough that no two in one bundle are alike.
const ID_BYTES: usize = 8;

/// A new CA with an EC P-256 key: it may sign certificates of leaves and revocation lists, and no other CA.
pub(in crate::token) fn signing_ca(validity: Range<SystemTime>) -> Result<Generated, GenerateError> {
    let key = new_key()?;
    let mut params = params(&format!("dockgate signing CA {}", id(&key)), validity)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key).map_err(|_| GenerateError::Certificate)?;
    Ok(Generated { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
}

/// A new leaf of that CA with an EC P-256 key, for digital signatures only.
pub(in crate::token) fn signing_leaf(
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
    params.distinguished_name = common_name(name);
    Ok(params)
}

fn id(key: &KeyPair) -> String {
    let hash = digest(&SHA256, &key.subject_public_key_info());
    HEXLOWER.encode(hash.as_ref().get(..ID_BYTES).unwrap_or_default())
}
