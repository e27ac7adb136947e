//! Which certificates of clients are taken.

use std::path::Path;
use std::sync::Arc;

use dockgate_api::read_file;
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject as _;

use super::LARGEST;

/// The files that say it.
#[derive(Clone, Copy, Debug)]
pub struct ClientTrust<'a> {
    /// The authorities (PEM), and no others: neither the system's nor the registries'.
    pub ca: &'a Path,
    /// What they have revoked (PEM).
    pub crl: Option<&'a Path>,
    /// Whether a client without a certificate is turned away.
    pub is_required: bool,
}

/// Files that cannot be used.
#[derive(Debug)]
pub struct ClientTrustError {
    /// Whether the list of revoked ones is at fault, and not the authorities.
    pub crl_at_fault: bool,
    /// Which file, what is wrong, what to do.
    pub message: String,
}

/// Lists of revoked certificates are long at times.
const LONGEST_CRL: u64 = 16 * 1024 * 1024;

impl ClientTrust<'_> {
    /// Takes certificates for clients (the extended key usage `clientAuth`, RFC 5280 section 4.2.1.12) of these authorities,
    /// within their time and not revoked.
    ///
    /// # Errors
    /// Which file is at fault, and the cure.
    pub fn verifier(
        &self,
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, ClientTrustError> {
        let fails = |crl_at_fault: bool, path: &Path, what: &str| {
            let message = format!("cannot use {}: {what}", path.display());
            ClientTrustError { crl_at_fault, message }
        };
        let read = |path, longest| read_file(path, longest).map_err(|error| error.to_string());
        let authorities = read(self.ca, LARGEST).and_then(|pem| dockgate_tls::authorities(&pem));
        let authorities = authorities.map_err(|error| fails(false, self.ca, &error))?;
        let roots = dockgate_tls::roots(authorities.into_iter().map(|der| der.to_vec()));
        let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        if let Some(path) = self.crl {
            let lists = read(path, LONGEST_CRL).and_then(|pem| {
                let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(&pem).collect();
                lists.map_err(|error| error.to_string())
            });
            let lists = lists.map_err(|error| fails(true, path, &error))?;
            if lists.is_empty() {
                return Err(fails(true, path, "no list of revoked certificates in it (PEM is expected)"));
            }
            builder = builder.with_crls(lists);
        }
        if !self.is_required {
            builder = builder.allow_unauthenticated();
        }
        // What is left to go wrong is a list that cannot be read.
        builder
            .build()
            .map_err(|error| fails(self.crl.is_some(), self.crl.unwrap_or(self.ca), &error.to_string()))
    }
}
