//! TLS from a certificate and its key.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// What a listener needs to speak TLS 1.2 and 1.3.
///
/// # Errors
/// Which file is at fault, and the cure; the key's content never appears.
pub fn load(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| TlsError::certificate(certificate, &error.to_string()))?;
    if chain.is_empty() {
        return Err(TlsError::certificate(certificate, "no certificate in it (PEM is expected)"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| match error {
        pem::Error::Io(error) => TlsError::key(key, &error.to_string()),
        _ => TlsError::key(
            key,
            "no unencrypted private key in it (PEM is expected; decrypt with `openssl pkey`)",
        ),
    })?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(rustls::DEFAULT_VERSIONS)
        .map_err(|error| TlsError::certificate(certificate, &error.to_string()))?;
    let mut config =
        builder.with_no_client_auth().with_single_cert(chain, private).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => TlsError::key(
                key,
                &format!("it does not belong to the certificate in {}", certificate.display()),
            ),
            other => TlsError::certificate(certificate, &other.to_string()),
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A certificate or key that cannot be used for TLS.
#[derive(Debug)]
pub struct TlsError {
    /// Whether the key is at fault, and not the certificate.
    pub key_at_fault: bool,
    /// Which file, what is wrong, what to do.
    pub message: String,
}

impl TlsError {
    fn certificate(path: &Path, what: &str) -> Self {
        Self {
            key_at_fault: false,
            message: format!("cannot use the certificate {}: {what}", path.display()),
        }
    }

    fn key(path: &Path, what: &str) -> Self {
        Self { key_at_fault: true, message: format!("cannot use the key {}: {what}", path.display()) }
    }
}
