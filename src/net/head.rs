//! Whether a request's head is one to look at.

use axum::http::{Request, StatusCode, header};

use crate::config::server::Limits;
use crate::http::ErrorAnswer;
use crate::metrics::Unanswered;

/// Why a request is refused by its head alone, and what that counts as.
pub(super) fn refusal<B>(request: &Request<B>, limits: &Limits) -> Option<(ErrorAnswer, Option<Unanswered>)> {
    if length(request) > limits.header {
        let message = "the request's head is larger than server.limits.header";
        let too_large = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Some((ErrorAnswer::new(too_large, "SIZE_INVALID", message), Some(Unanswered::LargeHead)));
    }
    // RFC 9112, section 3.2: whoever stands in front may have read the other one.
    if request.headers().get_all(header::HOST).iter().count() > 1 {
        let message = "there is more than one Host header";
        return Some((ErrorAnswer::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", message), None));
    }
    None
}

/// What a request's line and headers take, about. The parser looks at its own bound only between reads.
fn length<B>(request: &Request<B>) -> usize {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    target + headers.sum::<usize>()
}
