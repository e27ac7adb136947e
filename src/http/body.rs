//! Bodies of requests, bounded in size and time.

use axum::BoxError;
use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::config::server::Limits;

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadBody {
    /// It is larger than `server.limits.body`.
    TooLarge,
    /// It took longer than `server.limits.body_timeout`.
    TooSlow,
    /// It ended early.
    Broken,
}

/// Reads a body to its end.
///
/// # Errors
/// If it is too large, too slow or broken.
pub(crate) async fn read_body(body: Body, limits: &Limits) -> Result<Vec<u8>, BadBody> {
    let read = whole(Limited::new(body, limits.body), limits.body);
    match tokio::time::timeout(limits.body_timeout.0, read).await {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BadBody::TooLarge),
        Ok(Err(_)) => Err(BadBody::Broken),
        Err(_) => Err(BadBody::TooSlow),
    }
}

/// Copied as it comes. To keep the pieces would take thirty times as much, if a client sends byte by byte.
async fn whole(mut body: Limited<Body>, limit: usize) -> Result<Vec<u8>, BoxError> {
    // What a client promises is taken at its word up to the limit, and costs nothing until it comes.
    let mut whole =
        Vec::with_capacity(usize::try_from(body.size_hint().lower()).unwrap_or_default().min(limit));
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole)
}
/// Whether a body is said to be a form (HTML, section 4.10.21.7).
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
