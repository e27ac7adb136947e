//! `GET /metrics`, for a listener of its own: what the server counts is nobody else's business.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::get;

use crate::metrics::{CONTENT_TYPE, MemoryMetrics};

/// The metrics as Prometheus reads them.
pub fn text(metrics: &MemoryMetrics) -> Response {
    let mut response = Response::new(Body::from(metrics.text()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The route by itself.
pub fn routes(metrics: Arc<MemoryMetrics>) -> Router {
    Router::new().route("/metrics", get(async move || text(&metrics)))
}
