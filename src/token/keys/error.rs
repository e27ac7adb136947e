use std::io;
use std::path::{Path, PathBuf};

use super::pem::PemDamage;
use crate::token::algorithm::Algorithm;
use crate::token::public_key::KeyMaterial;

/// Which of the two files an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileRole {
    /// The certificate, with or without its chain.
    Certificate,
    /// The private key.
    Key,
}

/// A certificate or key file cannot be used. The message names the file and the cure, and holds nothing of a key.
#[derive(Debug, thiserror::Error)]
#[error("{} {}: {problem}; {}", self.role.name(), self.path.display(), self.cure())]
pub struct KeyError {
    role: FileRole,
    path: PathBuf,
    problem: KeyProblem,
}

/// What is wrong with a certificate or key file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyProblem {
    /// The operating system gave no contents.
    #[error("cannot be read ({0})")]
    Unreadable(io::Error),
    /// Larger than any certificate or key.
    #[error("is larger than 1 MiB")]
    TooLarge,
    /// No bytes, or white space only.
    #[error("is empty")]
    Empty,
    /// Saved as UTF-16, as some Windows editors and shells do.
    #[error("is saved as UTF-16")]
    Utf16,
    /// Binary DER instead of PEM.
    #[error("is binary (DER), not PEM")]
    Der,
    /// No PEM block starts at the beginning of a line.
    #[error("is not a PEM file: no line starts with \"-----BEGIN\"")]
    NotPem,
    /// A wanted PEM block is not whole.
    #[error("has a damaged PEM block: {0}")]
    Damaged(PemDamage),
    /// PEM, but without a certificate; the labels of what is there.
    #[error("holds no certificate, only: {}", .0.join(", "))]
    NoCertificate(Vec<String>),
    /// PEM, but without a private key; the labels of what is there.
    #[error("holds no private key, only: {}", .0.join(", "))]
    NoKey(Vec<String>),
    /// The certificate file holds a private key and no certificate.
    #[error("holds a private key, not a certificate")]
    KeyAsCertificate,
    /// The key file holds a certificate and no private key.
    #[error("holds a certificate, not a private key")]
    CertificateAsKey,
    /// OpenSSL's own certificate form with trust settings.
    #[error("holds a certificate in OpenSSL's TRUSTED form")]
    TrustedCertificate,
    /// The key is protected by a passphrase.
    #[error("is encrypted with a passphrase")]
    Encrypted,
    /// The key is in OpenSSH's form.
    #[error("is a key in OpenSSH's form")]
    OpenSsh,
    /// A block is no X.509 certificate; its position in the file, from 1.
    #[error("certificate {0} in the file is malformed")]
    BadCertificate(usize),
    /// An RSA key below 2048 bits.
    #[error("is an RSA key of less than 2048 bits")]
    RsaTooSmall,
    /// An RSA key above 8192 bits.
    #[error("is an RSA key of more than 8192 bits")]
    RsaTooLarge,
    /// The key cannot sign with the wanted algorithm.
    #[error("is of the kind {kind}, which does not sign {wanted}")]
    OtherAlgorithm {
        /// What was asked for.
        wanted: Algorithm,
        /// The kind of the key.
        kind: String,
        /// What the key can sign with.
        possible: Vec<Algorithm>,
    },
    /// Malformed, or a kind of key that no registry takes.
    #[error("is malformed or of a kind that tokens are not signed with")]
    UnknownKey,
    /// No certificate in the file has the public key of the private key; the subjects of those that are there.
    #[error("does not belong to the private key (certificates in the file: {})", .0.join("; "))]
    NotOfThisKey(Vec<String>),
}

impl KeyProblem {
    pub(super) fn other_algorithm(wanted: Algorithm, key: &KeyMaterial) -> Self {
        Self::OtherAlgorithm { wanted, kind: key.kind(), possible: Algorithm::of_key(key).collect() }
    }
}

impl KeyError {
    pub(super) fn new(role: FileRole, path: &Path, problem: KeyProblem) -> Self {
        Self { role, path: path.to_path_buf(), problem }
    }

    /// Which file it is about.
    pub fn role(&self) -> FileRole {
        self.role
    }

    /// Where that file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with it.
    pub fn problem(&self) -> &KeyProblem {
        &self.problem
    }

    fn cure(&self) -> String {
        use KeyProblem as P;
        let path = format!("'{}'", self.path.display());
        match &self.problem {
            P::Unreadable(error) => match error.kind() {
                io::ErrorKind::NotFound => "check the path".into(),
                io::ErrorKind::PermissionDenied => {
                    "let the user or a group that dockgate runs as read it (chgrp, chmod 0440)".into()
                }
                io::ErrorKind::IsADirectory => "name the file in it".into(),
                io::ErrorKind::InvalidInput => "name a file; what comes through a pipe, save first".into(),
                _ => "check the file and its disk".into(),
            },
            P::Utf16 => format!("save it as ASCII: iconv -f UTF-16 -t ASCII {path}"),
            P::Der => match self.role {
                FileRole::Certificate => {
                    format!("convert it: openssl x509 -inform DER -in {path} -out cert.pem")
                }
                FileRole::Key => format!("convert it: openssl pkey -inform DER -in {path} -out key.pem"),
            },
            P::Damaged(PemDamage::LineBreaksLost) => {
                "put the BEGIN line, the lines of the body and the END line on lines of their own".into()
            }
            P::Damaged(_) => "copy the file again from its source".into(),
            P::KeyAsCertificate | P::CertificateAsKey => {
                "name the other file here; `certificate` and `key` may be swapped".into()
            }
            P::TrustedCertificate => format!("convert it: openssl x509 -in {path} -out cert.pem"),
            P::Encrypted => format!("remove the passphrase: openssl pkey -in {path} -out key.pem"),
            P::OpenSsh => format!("convert a copy of it: ssh-keygen -p -N '' -m PKCS8 -f {path}"),
            P::BadCertificate(_) => format!("look at it: openssl x509 -in {path} -noout -text"),
            P::OtherAlgorithm { possible, .. } => {
                let names: Vec<&str> = possible.iter().map(|algorithm| algorithm.name()).collect();
                format!("it signs {}: write that, or name another key", names.join(", "))
            }
            P::RsaTooSmall | P::RsaTooLarge | P::UnknownKey => format!("use {NEW_PAIR}"),
            P::NotOfThisKey(_) => format!(
                "name the pair that belongs together: `openssl x509 -in {path} -noout -pubkey` and \
                 `openssl pkey -in KEY -pubout` must agree"
            ),
            P::TooLarge | P::Empty | P::NotPem | P::NoCertificate(_) | P::NoKey(_) => match self.role {
                FileRole::Certificate => "name the PEM file with the certificate (BEGIN CERTIFICATE)".into(),
                FileRole::Key => "name the PEM file with the private key (BEGIN PRIVATE KEY)".into(),
            },
        }
    }
}

const NEW_PAIR: &str = "an EC P-256 key (or P-384, P-521, Ed25519, RSA of 2048 to 8192 bits): openssl req -x509 -nodes -newkey ec \
    -pkeyopt ec_paramgen_curve:prime256v1 -days 730 -subj /CN=dockgate -keyout key.pem -out cert.pem";

impl FileRole {
    fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Key => "key",
        }
    }
}
