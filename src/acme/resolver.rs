//! Which certificate a handshake is answered with.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;
use tokio::task::block_in_place;

use super::cache::Cache;
use super::certificate::{Certificate, key_and_chain};
use crate::live::Live;
use crate::net::tls::ACME_TLS;

/// Who looks at the directory at once: authorities look at each host of a certificate from several places of the world.
const LOOKS: usize = 32;

/// Shows the certificate, once there is one, and to the authority what proves a host. Everybody else is refused with the
/// alert `access_denied`.
pub struct Resolver {
    hosts: Vec<String>,
    cache: Cache,
    current: Live<Option<Arc<Certificate>>>,
    proofs: Mutex<HashMap<String, Arc<CertifiedKey>>>,
    looks: Semaphore,
}

impl Resolver {
    pub(super) fn new(hosts: Vec<String>, cache: Cache, kept: Option<Certificate>) -> Self {
        let current = Live::new(kept.map(Arc::new));
        Self { hosts, cache, current, proofs: Mutex::default(), looks: Semaphore::new(LOOKS) }
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

    /// The order may be another server's, before which this one stands. A file system that hangs takes so many threads, not
    /// one for each that asks, and none of those that answer requests.
    fn proof_of_another(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        if !self.hosts.iter().any(|known| known == host) {
            return None;
        }
        let _look = self.looks.try_acquire().ok()?;
        let found = aside(|| Cache::read(&self.cache.challenge(host)));
        key_and_chain(&found.ok().flatten()?).ok().map(Arc::new)
    }
}

/// Does what may wait for a disk; the runtime's other work goes on with another thread.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    let runtime = Handle::try_current();
    match runtime.map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(work),
        _ => work(),
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::thread;

    use super::*;

    fn proof(directory: &Path) -> (Resolver, String) {
        let host = "auth.example.com".to_owned();
        let cache =
            Cache::new(directory.to_path_buf(), "https://ca.example/dir", None, std::slice::from_ref(&host));
        let pem = super::super::challenge::pem(&host, &[7; 32]).unwrap();
        std::fs::write(cache.challenge(&host), pem).unwrap();
        (Resolver::new(vec![host.clone()], cache, None), host)
    }

    /// The order fails if one of them sees nothing.
    #[test]
    fn an_authority_looks_from_several_places_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let (resolver, host) = proof(directory.path());
        let look = || (0..200).all(|_| resolver.proof(&host).is_some());
        let seen: Vec<bool> = thread::scope(|scope| {
            let looks: Vec<_> = (0..8).map(|_| scope.spawn(look)).collect();
            looks.into_iter().map(|look| look.join().unwrap()).collect()
        });
        assert_eq!(seen, [true; 8]);
    }

    #[test]
    fn so_many_look_at_once_and_no_more() {
        let directory = tempfile::tempdir().unwrap();
        let (resolver, host) = proof(directory.path());
        let all = resolver.looks.try_acquire_many(LOOKS.try_into().unwrap()).unwrap();
        assert!(resolver.proof(&host).is_none());
        drop(all);
        assert!(resolver.proof(&host).is_some());
        assert!(resolver.proof("other.example.com").is_none());
    }
}
