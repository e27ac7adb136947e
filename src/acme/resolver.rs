//! Which certificate a handshake is answered with.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::cache::Cache;
use super::certificate::{Certificate, key_and_chain};
use crate::live::Live;
use crate::net::tls::ACME_TLS;

/// Shows the certificate, once there is one, and to the authority what proves a host. Everybody else is refused with the
/// alert `access_denied`.
pub struct Resolver {
    hosts: Vec<String>,
    cache: Cache,
    current: Live<Option<Arc<Certificate>>>,
    proofs: Mutex<HashMap<String, Arc<CertifiedKey>>>,
    /// Whether somebody looks at the directory now.
    looking: AtomicBool,
}

impl Resolver {
    pub(super) fn new(hosts: Vec<String>, cache: Cache, kept: Option<Certificate>) -> Self {
        let current = Live::new(kept.map(Arc::new));
        Self { hosts, cache, current, proofs: Mutex::default(), looking: AtomicBool::new(false) }
    }

    /// What is shown now.
    pub(super) fn current(&self) -> Option<Arc<Certificate>> {
        self.current.load().as_ref().clone()
    }

    /// Shows another one from now on. Connections that are open go on.
    pub(super) fn show(&self, certificate: Certificate) {
        self.current.swap(Some(Arc::new(certificate)));
    }

    /// Shows the authority this for a host.
    pub(super) fn prove(&self, host: &str, proof: Arc<CertifiedKey>) {
        self.proofs.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned(), proof);
    }

    pub(super) fn forget(&self, host: &str) {
        self.proofs.lock().unwrap_or_else(PoisonError::into_inner).remove(host);
    }

    fn proof(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        let known = self.proofs.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned();
        known.or_else(|| self.proof_of_another(host))
    }

    /// The order may be another server's, before which this one stands. A file system that hangs takes one thread, not
    /// one for each that asks.
    fn proof_of_another(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        if !self.hosts.iter().any(|known| known == host) || self.looking.swap(true, Ordering::AcqRel) {
            return None;
        }
        let found = Cache::read(&self.cache.challenge(host));
        self.looking.store(false, Ordering::Release);
        key_and_chain(&found.ok().flatten()?).ok().map(Arc::new)
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut offered = hello.alpn().into_iter().flatten();
        // Who looks for a proof offers nothing else (RFC 8737, section 3).
        if (offered.next(), offered.next()) == (Some(ACME_TLS), None) {
            return self.proof(&hello.server_name()?.to_ascii_lowercase());
        }
        self.current().map(|certificate| Arc::clone(&certificate.shown))
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}
