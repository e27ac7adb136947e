//! Whose word counts.

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

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

/// A store of authorities (DER). What can vouch for nobody is left out, as a system's store may hold some of it.
pub fn roots(authorities: impl IntoIterator<Item = Vec<u8>>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities.into_iter().map(CertificateDer::from));
    roots
}
