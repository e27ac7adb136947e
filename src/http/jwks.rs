//! `GET /.well-known/jwks.json`: the public signing keys (RFC 7517), for registries that verify by JWKS.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use crate::state::State;

pub(super) async fn get(Shared(state): Shared<Arc<State>>) -> Response {
    let body: Bytes = state.signing().jwks.clone();
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
