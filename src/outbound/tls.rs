//! How TLS is spoken to other servers.

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{Clock, HttpSettingsError};
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::time_provider::TimeProvider;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};

use super::trust::Trusted;

/// TLS 1.2 and 1.3, with the same ciphers as the server's own.
pub(super) fn config(
    trusted: &Trusted,
    client: Option<(Vec<u8>, SecretString)>,
    clock: &Arc<dyn Clock>,
) -> Result<ClientConfig, HttpSettingsError> {
    let provider = Arc::new(default_provider());
    let builder = ClientConfig::builder_with_details(provider, Arc::new(Watch(Arc::clone(clock))))
        .with_safe_default_protocol_versions()
        .map_err(|error| HttpSettingsError::Client(error.to_string()))?
        .with_root_certificates(Arc::clone(&trusted.roots));
    let mut config = match client {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let (chain, key) = pair(&chain, &key).map_err(HttpSettingsError::ClientCertificate)?;
            builder.with_client_auth_cert(chain, key).map_err(|error| {
                HttpSettingsError::ClientCertificate(match error {
                    rustls::Error::InconsistentKeys(_) => {
                        "the key does not belong to the certificate: give both of one pair".to_owned()
                    }
                    other => format!("the certificate or its key cannot be used: {other}"),
                })
            })?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn pair(
    chain: &[u8],
    key: &SecretString,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
    let chain = chain.map_err(|error| format!("the certificate is no PEM file: {error}"))?;
    if chain.is_empty() {
        return Err("no certificate in the file (PEM is expected)".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes()).map_err(|_| {
        "no unencrypted private key in the file (PEM is expected; decrypt with `openssl pkey`)".to_owned()
    })?;
    Ok((chain, key))
}

/// Certificates begin and end by the server's own clock.
struct Watch(Arc<dyn Clock>);

impl TimeProvider for Watch {
    fn current_time(&self) -> Option<UnixTime> {
        self.0.now().duration_since(UNIX_EPOCH).ok().map(UnixTime::since_unix_epoch)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
