//! Why another server gave no answer, in words without secrets.

use dockgate_api::BackendError;
use dockgate_tls::{Cures, cause, failure};

/// What to tell of a request that failed. `lacking` is the cure for a server that nobody vouches for.
pub(super) fn told(error: reqwest::Error, place: &str, lacking: &str) -> BackendError {
    // A URL may have a secret in its query.
    let error = error.without_url();
    let cures =
        Cures { authority: lacking, certificate: "give it a certificate that it knows", ..Cures::default() };
    let text = failure(&error, &cures).unwrap_or_else(|| cause(&error));
    if error.is_connect() {
        BackendError::Unavailable(format!("{place}: {text}"))
    } else {
        BackendError::Protocol(format!("{place}: {text}"))
    }
}
