//! A signing key as administrators bring it: a certificate file and a key file.

mod certificate;
mod certified;
mod error;
mod file;
mod pem;
mod private;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use certificate::Certificate;
pub use certified::CertifiedKey;
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
    chain: Arc<Chain>,
}

impl SigningKey {
    /// Reads both files; one file that holds both may be given twice. Without an algorithm the key signs with its
    /// default, see [`Algorithm::of_key`].
    ///
    /// # Errors
    /// A file cannot be read or used, or the key does not sign that algorithm; the error names the file and the cure.
    pub fn load(certificate: &Path, key: &Path, algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        let certificate_bytes = file::read(FileRole::Certificate, certificate)?;
        let key_bytes = file::read(FileRole::Key, key)?;
        Self::from_pem_as(
            PemFile { path: certificate, bytes: &certificate_bytes },
            PemFile { path: key, bytes: &key_bytes },
            algorithm,
        )
    }

    /// Reads the contents of both files; the paths serve the errors only.
    ///
    /// The key may be PKCS#8, PKCS#1 or SEC1: RSA of 2048 bits or more, EC on P-256, P-384 or P-521, or Ed25519. Of
    /// several certificates the one with this key is the leaf; the others are its chain, in any order.
    ///
    /// # Errors
    /// A file cannot be used; the error names it and says the cure.
    pub fn from_pem(certificate: PemFile<'_>, key: PemFile<'_>) -> Result<Self, KeyError> {
        Self::from_pem_as(certificate, key, None)
    }

    /// The same, for an algorithm that is not the key's default.
    ///
    /// # Errors
    /// A file cannot be used, or the key does not sign that algorithm.
    pub fn from_pem_as(
        certificate: PemFile<'_>,
        key: PemFile<'_>,
        algorithm: Option<Algorithm>,
    ) -> Result<Self, KeyError> {
        let (signer, public_key) =
            private::read(key.bytes, algorithm).map_err(|problem| key.error(FileRole::Key, problem))?;
        Self::with_signer(signer, public_key, certificate)
    }

    /// A key whose private half lives behind `signer`, with the certificate file that belongs to `public_key`.
    ///
    /// # Errors
    /// The certificate file cannot be used, or the signer's algorithm is none of such a key; the error says the cure.
    pub fn with_signer(
        signer: Arc<dyn Sign>,
        public_key: PublicKey,
        certificate: PemFile<'_>,
    ) -> Result<Self, KeyError> {
        if !signer.algorithm().fits(public_key.material()) {
            let problem = KeyProblem::other_algorithm(signer.algorithm(), public_key.material());
            return Err(certificate.error(FileRole::Key, problem));
        }
        let chain = Chain::read(certificate.bytes, public_key.material())
            .map_err(|problem| certificate.error(FileRole::Certificate, problem))?;
        Ok(Self { signer, public_key, chain: Arc::new(chain) })
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

    /// The certificates above the leaf that its file holds, nearest first, the root included.
    pub fn issuers(&self) -> impl Iterator<Item = &Certificate> {
        self.chain.intermediates.iter().chain(&self.chain.root)
    }

    /// The authority that the certificate file goes up to, if it is one for such keys: not one for TLS servers, which
    /// issues for everybody.
    pub fn authority(&self) -> Option<&Certificate> {
        self.chain.authority()
    }

    /// Algorithm and subject, in one line for the log.
    pub fn describe(&self) -> String {
        format!("{} {}", self.algorithm(), self.chain.leaf.subject())
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
