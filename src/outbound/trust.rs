//! Whose word counts for the certificates of other servers.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::config::env::Lookup;

/// Authorities, and what to do about a server that none of them vouches for.
#[derive(Clone)]
pub(super) struct Trusted {
    pub(super) roots: Arc<RootCertStore>,
    /// The cure, for a message.
    pub(super) lacking: &'static str,
}

/// The system's authorities with those of the configuration. They are read when the first client needs them, once.
pub(super) struct SystemTrust {
    authorities: Vec<CertificateDer<'static>>,
    /// As OpenSSL's `SSL_CERT_FILE` and `SSL_CERT_DIR` name them.
    file: Option<PathBuf>,
    directories: Vec<PathBuf>,
    loaded: OnceLock<Trusted>,
}

impl SystemTrust {
    pub(super) fn new(authorities: Vec<CertificateDer<'static>>, lookup: Lookup<'_>) -> Self {
        let given = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let directories = given("SSL_CERT_DIR").unwrap_or_default();
        Self {
            authorities,
            file: given("SSL_CERT_FILE").map(PathBuf::from),
            directories: directories.split(':').filter(|path| !path.is_empty()).map(PathBuf::from).collect(),
            loaded: OnceLock::new(),
        }
    }

    /// A system without any is no error yet: the server may ask nobody over TLS, or somebody whose authority is given.
    pub(super) fn load(&self) -> Trusted {
        self.loaded.get_or_init(|| self.read()).clone()
    }

    fn read(&self) -> Trusted {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.system());
        let lacking = if roots.is_empty() {
            "this system has no store of authorities: name a PEM file of them with `outbound.ca_bundle`"
        } else {
            "name the authority's PEM file with `outbound.ca_bundle`"
        };
        roots.add_parsable_certificates(self.authorities.iter().cloned());
        Trusted { roots: Arc::new(roots), lacking }
    }

    fn system(&self) -> Vec<CertificateDer<'static>> {
        let found = if self.file.is_none() && self.directories.is_empty() {
            vec![rustls_native_certs::load_native_certs()]
        } else {
            let file =
                self.file.iter().map(|file| rustls_native_certs::load_certs_from_paths(Some(file), None));
            let directories = self
                .directories
                .iter()
                .map(|path| rustls_native_certs::load_certs_from_paths(None, Some(path)));
            file.chain(directories).collect()
        };
        for error in found.iter().flat_map(|found| &found.errors) {
            tracing::debug!(%error, "some of the system's authorities cannot be read");
        }
        found.into_iter().flat_map(|found| found.certs).collect()
    }
}

/// These authorities and no others.
///
/// # Errors
/// What is wrong with them, and the cure.
pub(super) fn only(pem: &[u8]) -> Result<Trusted, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities(pem)?);
    Ok(Trusted { roots: Arc::new(roots), lacking: "none of the given authorities vouches for it" })
}

/// Reads certificates that can vouch for others (RFC 7468).
///
/// # Errors
/// What is wrong with them, and the cure.
pub fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates =
        certificates.map_err(|error| format!("this is no PEM file of certificates: {error}"))?;
    if certificates.is_empty() {
        return Err("no certificate in it (PEM is expected): name a file of authorities".to_owned());
    }
    for (number, certificate) in (1..).zip(&certificates) {
        let mut roots = RootCertStore::empty();
        if let Err(error) = roots.add(certificate.clone()) {
            return Err(format!("certificate {number} in it cannot be used as an authority: {error}"));
        }
    }
    Ok(certificates)
}
