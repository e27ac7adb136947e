//! A CA with its key.

use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{Issuer, KeyPair};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::error::ManagedError;
use super::schedule::{BACK_DATED, CA_LIFE};
use crate::token::generate::{signing_ca, signing_leaf};
use crate::token::{Certificate, GenerateError, KeyProblem, PemFile, SigningKey};

/// Signs leaves.
pub(super) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new one: the content of its file.
    pub(super) fn make(now: SystemTime) -> Result<String, GenerateError> {
        let made = signing_ca(now - BACK_DATED..now + CA_LIFE)?;
        Ok(made.key_pem + &made.certificate_pem)
    }

    /// Reads the content of its file.
    pub(super) fn read(path: &Path, pem: &[u8]) -> Result<Self, ManagedError> {
        let damaged = |problem: &KeyProblem| ManagedError::DamagedCa {
            path: path.to_path_buf(),
            problem: problem.to_string(),
        };
        let file = PemFile { path, bytes: pem };
        // For its checks: that both are there, whole, and belong together.
        let pair = SigningKey::from_pem(file, file).map_err(|error| damaged(error.problem()))?;
        let der = pair.leaf().der();
        let certificate = pair.leaf().clone();
        if !certificate.may_issue() {
            let subject = certificate.subject().to_owned();
            return Err(ManagedError::NotACa { path: path.to_path_buf(), subject });
        }
        let key = PrivateKeyDer::from_pem_slice(pem).ok().and_then(|der| KeyPair::try_from(&der).ok());
        let key = key.ok_or_else(|| damaged(&KeyProblem::UnknownKey))?;
        let issuer = Issuer::from_ca_cert_der(&CertificateDer::from(der), key)
            .map_err(|_| damaged(&KeyProblem::BadCertificate(1)))?;
        Ok(Self { certificate, issuer })
    }

    pub(super) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// When it was made, and so put into the bundle.
    pub(super) fn published(&self) -> SystemTime {
        self.certificate.not_before() + BACK_DATED
    }

    /// A leaf that ends after `life`, or with this CA: the content of its file.
    pub(super) fn issue(&self, now: SystemTime, life: Duration) -> Result<String, GenerateError> {
        let begins = (now - BACK_DATED).max(self.certificate.not_before());
        let ends = (now + life).min(self.certificate.not_after());
        let made = signing_leaf(&self.issuer, begins..ends)?;
        Ok(made.key_pem + &made.certificate_pem)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authority").field(&self.certificate).finish()
    }
}
