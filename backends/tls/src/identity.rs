//! What is shown to a server that asks who is there.

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// A certificate with its chain, and its key; both PEM.
pub(crate) fn pair(chain: &[u8], key: &SecretString) -> Result<Pair, String> {
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

/// Why a pair cannot be used.
pub(crate) fn refused(error: rustls::Error) -> String {
    match error {
        rustls::Error::InconsistentKeys(_) => {
            "the key does not belong to the certificate: give both of one pair".to_owned()
        }
        other => format!("the certificate or its key cannot be used: {other}"),
    }
}
