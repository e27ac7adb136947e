use std::path::PathBuf;

use super::TrustFile;
use crate::token::keys::{Certificate, KeyProblem};

/// A registry cannot use the file as `rootcertbundle`.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}; give the registry what `dockgate keys export --bundle CONFIG` prints", path.display())]
pub struct BundleError {
    path: PathBuf,
    problem: BundleProblem,
}

#[derive(Debug, thiserror::Error)]
enum BundleProblem {
    #[error(transparent)]
    Unusable(KeyProblem),
    #[error(
        "holds a private key, which no registry should be given: make a new key, since this one may have been seen"
    )]
    PrivateKey,
}

/// The certificates of a PEM file, all of which a registry trusts for any use.
pub(super) fn read(file: &TrustFile) -> Result<Vec<Certificate>, BundleError> {
    let failed = |problem| BundleError { path: file.path.clone(), problem };
    let (certificates, with_key) = Certificate::read_all(&file.bytes).map_err(|problem| {
        failed(match problem {
            KeyProblem::KeyAsCertificate => BundleProblem::PrivateKey,
            other => BundleProblem::Unusable(other),
        })
    })?;
    if with_key { Err(failed(BundleProblem::PrivateKey)) } else { Ok(certificates) }
}
