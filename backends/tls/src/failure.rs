//! Why a handshake failed.

use std::error::Error;

/// In words.
pub fn failure(error: &(dyn Error + 'static), expected: &str, lacking: &str) -> String {
    let _ = (expected, lacking);
    error.to_string()
}
