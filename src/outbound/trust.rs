//! Whose word counts for the certificates of other servers.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;

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

    /// All of them, as DER.
    pub(super) fn certificates(&self) -> Vec<Vec<u8>> {
        let all = self.system().into_iter().chain(self.authorities.iter().cloned());
        all.map(|certificate| certificate.to_vec()).collect()
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
