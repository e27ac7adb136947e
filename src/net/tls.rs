//! TLS from a certificate and its key.

mod certificate;
mod clients;

use std::path::Path;
use std::sync::Arc;

use dockgate_api::read_file;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ProducesTickets, ResolvesServerCert, ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::{ServerConfig, SignatureAlgorithm};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

pub use certificate::{Finding, ServerCertificate};
pub use clients::{ClientTrust, ClientTrustError};

use crate::config::server::TlsOptions;

/// What an authority offers that looks at a server (RFC 8737, section 6.2).
pub const ACME_TLS: &[u8] = b"acme-tls/1";

/// Sessions of clients that take no tickets; the oldest ones go. A few hundred bytes each.
const SESSIONS: usize = 1024;

/// Beyond any chain of certificates, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// What a door needs to speak TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// For the handshakes.
    pub config: Arc<ServerConfig>,
    /// What the server proves itself with; none if an authority issues it, and [`Acme`](crate::acme::Acme) knows.
    pub certificate: Option<ServerCertificate>,
    /// Whether a suite is left for clients of TLS 1.2, if they are to be served.
    pub suites_fit: bool,
}

/// Reads a certificate and its key. A reload may call it again: what it makes shares nothing with what was made before,
/// the keys of tickets neither, so that a client whose certificate counts no more does not come back by a ticket. Clients'
/// certificates are for the verifier; without one none is asked for.
///
/// # Errors
/// Which file is at fault, and the cure; the key's content never appears.
pub fn load(
    certificate: &Path,
    key: &Path,
    options: &TlsOptions,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<Tls, TlsError> {
    let read = |path| read_file(path, LARGEST).map_err(|error| error.to_string());
    let text = read(certificate).map_err(|error| TlsError::certificate(certificate, &error))?;
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| TlsError::certificate(certificate, &error.to_string()))?;
    let Some(leaf) = chain.first() else {
        return Err(TlsError::certificate(certificate, "no certificate in it (PEM is expected)"));
    };
    let leaf = ServerCertificate::of(leaf);
    let text = read(key).map_err(|error| TlsError::key(key, &error))?;
    let private = PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        TlsError::key(key, "no unencrypted private key in it (PEM is expected; decrypt with `openssl pkey`)")
    })?;
    let provider = options.provider();
    let signing = provider.key_provider.load_private_key(private.clone_key());
    let suites_fit = signing.is_ok_and(|key| options.has_tls12_for(key.algorithm()));
    let builder = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(options.versions())
        .map_err(|error| TlsError::certificate(certificate, &error.to_string()))?;
    let clients = clients.unwrap_or_else(WebPkiClientVerifier::no_client_auth);
    let mut config =
        builder.with_client_cert_verifier(clients).with_single_cert(chain, private).map_err(|error| {
            match error {
                rustls::Error::InconsistentKeys(_) => TlsError::key(
                    key,
                    &format!("it does not belong to the certificate in {}", certificate.display()),
                ),
                other => TlsError::certificate(certificate, &other.to_string()),
            }
        })?;
    let leaf =
        leaf.ok_or_else(|| TlsError::certificate(certificate, "its first certificate cannot be read"))?;
    settle(&mut config).map_err(|error| TlsError::certificate(certificate, &error.to_string()))?;
    Ok(Tls { config: Arc::new(config), certificate: Some(leaf), suites_fit })
}

/// For a certificate that is another one from time to time. Its key is an ECDSA key.
///
/// # Errors
/// If there is no randomness for the keys of tickets.
pub fn issued(
    resolver: Arc<dyn ResolvesServerCert>,
    options: &TlsOptions,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<Tls, String> {
    let suites_fit = options.has_tls12_for(SignatureAlgorithm::ECDSA);
    let builder = ServerConfig::builder_with_provider(Arc::new(options.provider()))
        .with_protocol_versions(options.versions())
        .map_err(|error| error.to_string())?;
    let clients = clients.unwrap_or_else(WebPkiClientVerifier::no_client_auth);
    let mut config = builder.with_client_cert_verifier(clients).with_cert_resolver(resolver);
    settle(&mut config).map_err(|error| error.to_string())?;
    config.alpn_protocols.push(ACME_TLS.to_vec());
    Ok(Tls { config: Arc::new(config), certificate: None, suites_fit })
}

/// What all doors have in common.
fn settle(config: &mut ServerConfig) -> Result<(), rustls::Error> {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.ignore_client_order = true;
    // Those who come again do so one by one.
    config.send_tls13_tickets = 1;
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    config.ticketer = ticketer()?;
    Ok(())
}

/// A client that comes again shows its ticket in place of a whole handshake; its keys change every six hours.
fn ticketer() -> Result<Arc<dyn ProducesTickets>, rustls::Error> {
    Ticketer::new()
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
