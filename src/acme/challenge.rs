//! What proves a host to the authority: a certificate that the server signs itself (RFC 8737, section 3).

use std::sync::Arc;

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::Acme;
use super::cache::Held;
use super::certificate::key_and_chain;
use super::failure::Failure;
use super::resolver::Resolver;

/// Of SHA-256, in bytes.
const DIGEST: usize = 32;

/// Key and certificate for a host, PEM: `digest` is that of the key authorization.
pub(super) fn pem(host: &str, digest: &[u8]) -> Result<String, Failure> {
    if digest.len() != DIGEST {
        return Err(Failure::ours("the digest of a challenge has another length"));
    }
    let made = || {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(vec![host.to_owned()])?;
        params.distinguished_name = DistinguishedName::new();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let certificate = params.self_signed(&key)?;
        Ok::<_, rcgen::Error>(key.serialize_pem() + &certificate.pem())
    };
    made().map_err(|error| Failure::ours(&format!("cannot make the certificate of a challenge: {error}")))
}

/// The proofs that are shown during one order: here, and by every server that shares the directory.
pub(super) struct Proofs<'a> {
    acme: &'a Acme,
    lock: &'a Arc<Held>,
    hosts: Vec<String>,
}

impl<'a> Proofs<'a> {
    pub(super) fn new(acme: &'a Acme, lock: &'a Arc<Held>) -> Self {
        Self { acme, lock, hosts: Vec::new() }
    }

    /// Shows the proof for a host from now on.
    pub(super) async fn show(&mut self, host: &str, digest: &[u8]) -> Result<(), Failure> {
        let pem = pem(host, digest)?;
        let shown = key_and_chain(pem.as_bytes()).map_err(|error| Failure::ours(&error))?;
        self.hosts.push(host.to_owned());
        let (lock, path) = (Arc::clone(self.lock), self.acme.cache.challenge(host));
        let written = spawn_blocking(move || lock.write(&path, pem.as_bytes()));
        super::keeper::on_disk(written).await?;
        self.resolver().prove(host, Arc::new(shown));
        Ok(())
    }

    fn resolver(&self) -> &Resolver {
        &self.acme.resolver
    }
}

impl Drop for Proofs<'_> {
    fn drop(&mut self) {
        for host in &self.hosts {
            self.resolver().forget(host);
            let path = self.acme.cache.challenge(host);
            // A disk that hangs must not hold up this thread. One that is left behind proves nothing any more.
            if let Ok(runtime) = Handle::try_current() {
                drop(runtime.spawn_blocking(move || std::fs::remove_file(path)));
            }
        }
    }
}
