//! What a registry makes of our tokens, given what it was told to trust.
//!
//! A model of distribution's `registry/auth/token` in the versions that behave differently. The tests hold it against
//! the registries themselves: docs/registries.md has what was measured.

mod bundle;
mod chain;
mod jwks;
mod verdict;

use std::fmt;
use std::path::PathBuf;

pub use bundle::BundleError;
pub use jwks::JwksError;
pub use verdict::{Obstacle, TokenForm, Version};

use super::keys::Certificate;
use jwks::TrustedJwk;

/// What a registry is told to trust: its `rootcertbundle`, its `jwks`, or both.
#[derive(Debug, Default)]
pub struct Trust {
    bundle: Option<Vec<Certificate>>,
    jwks: Option<Vec<TrustedJwk>>,
}

/// A file of a registry's trust, as it was read. Who mixes files up may have named a private key, so `Debug` leaves the
/// contents out.
pub struct TrustFile {
    /// For messages.
    pub path: PathBuf,
    /// The whole contents.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for TrustFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Trust {
    /// A registry with this `rootcertbundle`.
    ///
    /// # Errors
    /// A registry would not start with it, or trust nobody.
    pub fn bundle(file: &TrustFile) -> Result<Self, BundleError> {
        Ok(Self { bundle: Some(bundle::read(file)?), jwks: None })
    }

    /// A registry with this `jwks`.
    ///
    /// # Errors
    /// A registry would not start with it, or trust nobody, or it holds what nobody should be given.
    pub fn jwks(file: &TrustFile) -> Result<Self, JwksError> {
        Ok(Self { bundle: None, jwks: Some(jwks::read(file)?) })
    }

    /// A registry with these certificates as its `rootcertbundle`.
    pub fn of(certificates: Vec<Certificate>) -> Self {
        Self { bundle: Some(certificates), jwks: None }
    }

    /// The certificates of the `rootcertbundle`.
    pub fn certificates(&self) -> &[Certificate] {
        self.bundle.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::TrustFile;

    #[test]
    fn debug_leaves_the_contents_out() {
        let file = TrustFile { path: "given".into(), bytes: b"canary".to_vec() };
        let shown = format!("{file:?}");
        assert!(shown.contains("given") && !shown.contains("canary") && !shown.contains("99, 97"), "{shown}");
    }
}
