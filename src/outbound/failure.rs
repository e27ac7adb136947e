//! Why another server gave no answer, in words without secrets.

use std::error::Error;
use std::io;

use dockgate_api::BackendError;
use rustls::CertificateError;

/// What webpki says of a server whose certificate may sign others, as those of `openssl req -x509` may.
const OF_AN_AUTHORITY: &str = "CaUsedAsEndEntity";

/// What to tell of a request that failed. `lacking` is the cure for a server that nobody vouches for.
pub(super) fn told(error: reqwest::Error, place: &str, lacking: &str) -> BackendError {
    // A URL may have a secret in its query.
    let error = error.without_url();
    let cause = cause(&error);
    if !error.is_connect() {
        return BackendError::Protocol(format!("{place}: {cause}"));
    }
    BackendError::Unavailable(match tls(&error) {
        // The second: by one of the same name.
        Some(rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        )) => {
            format!("{place}: its certificate is signed by nobody who is trusted here: {lacking}")
        }
        Some(rustls::Error::InvalidCertificate(CertificateError::Other(other)))
            if other.to_string() == OF_AN_AUTHORITY =>
        {
            format!("{place}: it shows an authority's own certificate: make it one with `CA:FALSE`")
        }
        _ => format!("{place}: {cause}"),
    })
}

/// The innermost reason: those around it only say that something failed.
pub(super) fn cause(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

fn tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    chain(error).find_map(|error| error.downcast_ref())
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| below(*error))
}

fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    // An `io::Error` hides what it was made of from `source`.
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inside) => Some(inside),
        None => error.source(),
    }
}
