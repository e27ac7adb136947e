//! A certificate with its key, as it is kept and as it is shown.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;

use crate::net::tls::ServerCertificate;

/// A key and the certificate for it.
pub(super) struct Certificate {
    /// For handshakes.
    pub(super) shown: Arc<CertifiedKey>,
    /// When it begins and ends.
    pub(super) validity: ServerCertificate,
    /// The text that it was read from.
    pub(super) pem: Vec<u8>,
}

impl Certificate {
    /// Reads what is kept, or what was issued: the key, then the chain.
    ///
    /// # Errors
    /// Why it cannot be shown for these hosts; never holds the key.
    pub(super) fn read(pem: Vec<u8>, hosts: &[String]) -> Result<Self, String> {
        let shown = key_and_chain(&pem)?;
        shown.keys_match().map_err(|_| "its key and its certificate do not belong together".to_owned())?;
        let leaf = shown.end_entity_cert().map_err(|_| "no certificate in it".to_owned())?;
        let validity =
            ServerCertificate::of(leaf).ok_or_else(|| "its first certificate cannot be read".to_owned())?;
        let parsed = ParsedCertificate::try_from(leaf).map_err(|error| error.to_string())?;
        for host in hosts {
            let name = ServerName::try_from(host.as_str()).map_err(|error| error.to_string())?;
            rustls::client::verify_server_name(&parsed, &name)
                .map_err(|_| format!("it is not for {host}"))?;
        }
        Ok(Self { shown: Arc::new(shown), validity, pem })
    }
}

/// A key and its chain, whatever they are for: a proof has an extension that no client would take.
pub(super) fn key_and_chain(pem: &[u8]) -> Result<CertifiedKey, String> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|error| format!("its certificates cannot be read: {error}"))?;
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| "no private key in it".to_owned())?;
    let key = any_supported_type(&key).map_err(|_| "its private key cannot be used".to_owned())?;
    Ok(CertifiedKey::new(chain, key))
}
