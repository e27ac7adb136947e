mod authority;

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PublicKeyData,
};
use time::OffsetDateTime;

use super::public_key::PublicKey;

pub(super) use authority::{signing_ca, signing_leaf};

/// One key in 128 is drawn again; so many in a row means that the generator is broken.
const MOST_DRAWS: u32 = 64;

/// A self-signed certificate to make, with a new key.
#[derive(Debug, Clone)]
pub struct SelfSigned<'a> {
    /// The subject's common name.
    pub common_name: &'a str,
    /// DNS names and IP addresses for the subject alternative name; may be empty.
    pub subject_alt_names: &'a [String],
    /// Start of validity; fractions of a second are dropped.
    pub not_before: SystemTime,
    /// End of validity; fractions of a second are dropped.
    pub not_after: SystemTime,
}

/// A new key and its certificate.
#[non_exhaustive]
pub struct Generated {
    /// The certificate, PEM; a registry takes it as `rootcertbundle`.
    pub certificate_pem: String,
    /// The private key, PKCS#8 PEM. Write it with mode 0600.
    pub key_pem: String,
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
    /// A subject alternative name is neither a DNS name in ASCII nor an IP address.
    #[error("a subject alternative name is neither an ASCII DNS name nor an IP address")]
    SubjectAltName,
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

impl SelfSigned<'_> {
    /// Draws an EC P-256 key from the operating system's randomness and signs the certificate with it: not a CA,
    /// for digital signatures only. No coordinate of the key starts with a zero byte, which registry 3.x mishandles.
    ///
    /// # Errors
    /// See [`GenerateError`].
    pub fn generate(&self) -> Result<Generated, GenerateError> {
        if self.not_before >= self.not_after {
            return Err(GenerateError::Validity);
        }
        let mut params =
            CertificateParams::new(self.subject_alt_names).map_err(|_| GenerateError::SubjectAltName)?;
        (params.not_before, params.not_after) = (calendar(self.not_before)?, calendar(self.not_after)?);
        params.distinguished_name = common_name(self.common_name);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];

        let key = new_key()?;
        let certificate = params.self_signed(&key).map_err(|_| GenerateError::Certificate)?;
        Ok(Generated { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }
}

fn common_name(text: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, text);
    name
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
