//! A key of which only the certificate is there.

use std::path::Path;

use super::certificate::{Certificate, Chain};
use super::error::{FileRole, KeyProblem};
use super::{KeyError, PemFile, file};
use crate::token::algorithm::Algorithm;
use crate::token::public_key::PublicKey;

/// A public key with the certificates that belong to it: all that is needed of a key that signs no more.
#[derive(Debug, Clone)]
pub struct CertifiedKey {
    public_key: PublicKey,
    algorithm: Algorithm,
    chain: Chain,
}

impl CertifiedKey {
    /// Reads a certificate file. Without an algorithm the key is said to sign with its default.
    ///
    /// # Errors
    /// The file cannot be read or used, or such a key does not sign that algorithm; the error says the cure.
    pub fn load(certificate: &Path, algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        let bytes = file::read(FileRole::Certificate, certificate)?;
        Self::from_pem(PemFile { path: certificate, bytes: &bytes }, algorithm)
    }

    /// The same from the contents of the file. Of several certificates the first that issued none of the others is the
    /// key's; the others are its chain, in any order.
    ///
    /// # Errors
    /// The file cannot be used, or such a key does not sign that algorithm.
    pub fn from_pem(certificate: PemFile<'_>, algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        Self::read(certificate.bytes, algorithm)
            .map_err(|problem| certificate.error(FileRole::Certificate, problem))
    }

    fn read(pem: &[u8], algorithm: Option<Algorithm>) -> Result<Self, KeyProblem> {
        let (certificates, _) = Certificate::read_all(pem)?;
        let issued_another =
            |one: &Certificate| certificates.iter().any(|other| other != one && other.is_issued_by(one));
        let leaf = certificates.iter().find(|one| !issued_another(one)).or(certificates.first());
        let public_key = leaf.and_then(Certificate::public_key).ok_or(KeyProblem::UnknownKey)?;
        let default = Algorithm::of_key(public_key.material()).next().ok_or(KeyProblem::UnknownKey)?;
        let algorithm = algorithm.unwrap_or(default);
        if !algorithm.fits(public_key.material()) {
            return Err(KeyProblem::other_algorithm(algorithm, public_key.material()));
        }
        let chain = Chain::read(pem, public_key.material())?;
        Ok(Self { public_key, algorithm, chain })
    }

    /// The public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// What it signed with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The certificate of this key.
    pub fn leaf(&self) -> &Certificate {
        &self.chain.leaf
    }

    /// See [`SigningKey::authority`](super::SigningKey::authority).
    pub fn authority(&self) -> Option<&Certificate> {
        self.chain.authority()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::fixtures;

    fn read(names: &[&str], algorithm: Option<Algorithm>) -> Result<CertifiedKey, KeyError> {
        let pem = fixtures::joined(names);
        CertifiedKey::from_pem(PemFile { path: Path::new("a.pem"), bytes: &pem }, algorithm)
    }

    #[test]
    fn the_same_as_with_the_private_key() {
        for (names, key) in [
            (&["rsa.crt"][..], "rsa.pkcs8.pem"),
            (&["ec.crt"], "ec.pkcs8.pem"),
            (&["chain.leaf.crt", "chain.intermediate.crt", "chain.root.crt"], "ec.pkcs8.pem"),
            (&["chain.root.crt", "chain.intermediate.crt", "chain.leaf.crt"], "ec.pkcs8.pem"),
        ] {
            let whole = fixtures::pair(&fixtures::joined(names), &fixtures::read(key)).unwrap();
            let alone = read(names, None).unwrap();
            assert_eq!(alone.leaf(), whole.leaf(), "{names:?}");
            assert_eq!(alone.authority(), whole.authority(), "{names:?}");
            assert_eq!((alone.public_key(), alone.algorithm()), (whole.public_key(), whole.algorithm()));
        }
    }

    #[test]
    fn an_algorithm_of_another_kind_is_refused() {
        let error = read(&["ec.crt"], Some(Algorithm::Rs256)).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("ES256")));
        assert!(read(&[], None).is_err());
    }
}
