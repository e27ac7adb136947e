use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{ASN1Time, FromDer as _, X509Certificate};

use crate::token::PublicKey;

const PEM_LINE: usize = 64;

/// A certificate without its key: a CA that registries trust, or a leaf that has been replaced.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicCertificate {
    der: Vec<u8>,
    spki: Vec<u8>,
    subject: String,
    not_before: SystemTime,
    not_after: SystemTime,
    is_ca: bool,
}

impl PublicCertificate {
    /// Reads DER; `None` if it is no certificate.
    pub(super) fn from_der(der: &[u8]) -> Option<Self> {
        let Ok(([], parsed)) = X509Certificate::from_der(der) else { return None };
        let subject = parsed.subject().to_string();
        Some(Self {
            der: der.to_vec(),
            spki: parsed.public_key().raw.to_vec(),
            subject: subject.chars().map(|c| if c.is_control() { '?' } else { c }).collect(),
            not_before: system_time(parsed.validity().not_before)?,
            not_after: system_time(parsed.validity().not_after)?,
            is_ca: parsed.basic_constraints().ok()?.is_some_and(|constraints| constraints.value.ca),
        })
    }

    /// Reads the certificates of a PEM file; `None` if one is damaged.
    pub(super) fn all_from_pem(pem: &[u8]) -> Option<Vec<Self>> {
        let read = |der: Result<CertificateDer<'_>, _>| Self::from_der(der.ok()?.as_ref());
        CertificateDer::pem_slice_iter(pem).map(read).collect()
    }

    /// The DER encoding.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The PEM encoding.
    pub fn pem(&self) -> String {
        let body = STANDARD.encode(&self.der);
        let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
        let mut rest = body.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at_checked(PEM_LINE).unwrap_or((rest, ""));
            pem.push_str(line);
            pem.push('\n');
            rest = after;
        }
        pem.push_str("-----END CERTIFICATE-----\n");
        pem
    }

    /// The subject's distinguished name, for messages; control characters are replaced.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Start of validity.
    pub fn not_before(&self) -> SystemTime {
        self.not_before
    }

    /// End of validity.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// Whether it may issue others.
    pub fn is_ca(&self) -> bool {
        self.is_ca
    }

    /// The public key; `None` if tokens are not signed with such keys.
    pub fn public_key(&self) -> Option<PublicKey> {
        PublicKey::from_spki(&self.spki).ok()
    }

    /// Whether this one's name and key issued that certificate.
    pub(super) fn issued(&self, der: &[u8]) -> bool {
        let (Ok((_, issuer)), Ok((_, issued))) =
            (X509Certificate::from_der(&self.der), X509Certificate::from_der(der))
        else {
            return false;
        };
        issued.issuer().as_raw() == issuer.subject().as_raw()
            && issued.verify_signature(Some(issuer.public_key())).is_ok()
    }
}

impl fmt::Debug for PublicCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicCertificate")
            .field("subject", &self.subject)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

fn system_time(time: ASN1Time) -> Option<SystemTime> {
    let seconds = time.timestamp();
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}
