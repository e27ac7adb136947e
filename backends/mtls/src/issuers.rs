//! Certificates of some authorities only.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::{CertificateDer, UnixTime};

/// Verifies that one of some authorities has issued a certificate itself.
pub(crate) struct Issuers(Arc<dyn ClientCertVerifier>);

impl Issuers {
    /// The authorities of a file (PEM).
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(pem: &[u8]) -> Result<Self, String> {
        let authorities = dockgate_tls::authorities(pem)?;
        let roots: RootCertStore = dockgate_tls::roots(authorities.into_iter().map(|der| der.to_vec()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        verifier.map(Self).map_err(|error| error.to_string())
    }

    /// Whether one of them has.
    pub(crate) fn issued(&self, der: &[u8], now: SystemTime) -> bool {
        let leaf = CertificateDer::from(der);
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.0.verify_client_cert(&leaf, &[], UnixTime::since_unix_epoch(now)).is_ok()
    }
}

impl fmt::Debug for Issuers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issuers")
    }
}
