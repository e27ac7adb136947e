//! A signing key as administrators bring it: a certificate file and a key file.

mod certificate;
mod error;
mod file;
mod pem;
mod private;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use certificate::Certificate;
pub use error::{FileRole, KeyError, KeyProblem};
pub use file::PemFile;
pub use pem::PemDamage;

use super::algorithm::Algorithm;
use super::public_key::PublicKey;
use super::sign::Sign;
use certificate::Chain;

/// A private key ready to sign, its public half, and the certificates that belong to it.
#[derive(Clone)]
pub struct SigningKey {
    signer: Arc<dyn Sign>,
    public_key: PublicKey,
    chain: Chain,
}

impl SigningKey {
    /// Reads both files; one file that holds both may be given twice.
    ///
    /// # Errors
    /// A file cannot be read or used; the error names it and says the cure.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, KeyError> {
        let certificate_bytes = file::read(FileRole::Certificate, certificate)?;
        let key_bytes = file::read(FileRole::Key, key)?;
        Self::from_pem(
            PemFile { path: certificate, bytes: &certificate_bytes },
            PemFile { path: key, bytes: &key_bytes },
        )
    }

    /// Reads the contents of both files; the paths serve the errors only.
    ///
    /// The key may be PKCS#8, PKCS#1 or SEC1, RSA of 2048 bits or more (signs RS256) or EC P-256 (ES256). Of
    /// several certificates the one with this key is the leaf; the others are its chain, in any order.
    ///
    /// # Errors
    /// A file cannot be used; the error names it and says the cure.
    pub fn from_pem(certificate: PemFile<'_>, key: PemFile<'_>) -> Result<Self, KeyError> {
        let (signer, public_key) =
            private::read(key.bytes).map_err(|problem| key.error(FileRole::Key, problem))?;
        Self::with_signer(signer, public_key, certificate)
    }

    /// A key whose private half lives behind `signer`, with the certificate file that belongs to `public_key`.
    ///
    /// # Errors
    /// The certificate file cannot be used; the error names it and says the cure.
    pub fn with_signer(
        signer: Arc<dyn Sign>,
        public_key: PublicKey,
        certificate: PemFile<'_>,
    ) -> Result<Self, KeyError> {
        let chain = Chain::read(certificate.bytes, public_key.material())
            .map_err(|problem| certificate.error(FileRole::Certificate, problem))?;
        Ok(Self { signer, public_key, chain })
    }

    /// The algorithm that this key signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.signer.algorithm()
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The certificate of this key.
    pub fn leaf(&self) -> &Certificate {
        &self.chain.leaf
    }

    /// What travels in `x5c`: the leaf, then the intermediates in order of issue. A self-signed root never does:
    /// the registry has its own copy or does not trust it.
    pub fn x5c(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.chain.leaf).chain(&self.chain.intermediates)
    }

    pub(super) fn signer(&self) -> Arc<dyn Sign> {
        Arc::clone(&self.signer)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm())
            .field("certificate", &self.chain.leaf)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
