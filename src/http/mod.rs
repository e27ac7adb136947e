//! The routes. One endpoint, one file, in one order: errors, answer, handlers, tests.

mod client;
mod credentials;
mod error_answer;
mod health;
mod jwks;
mod params;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;

pub use client::ClientAddress;
pub use error_answer::ErrorAnswer;

use crate::state::State;

/// The one route list. `{prefix}/auth/token` and `{prefix}/token` are the endpoints that registries and clients guess
/// by themselves (distribution's `autoredirect`, Docker Hub's shape); all three are the same.
pub fn router(state: Arc<State>) -> Router {
    let prefix = state.prefix().to_owned();
    let at = |path: &str| format!("{prefix}{path}");
    let token = get(token::get).post(token::post);
    let mut router = Router::new()
        .route(&at("/auth"), token.clone())
        .route(&at("/auth/token"), token.clone())
        .route(&at("/token"), token)
        .route("/healthz", get(health::get))
        .route("/.well-known/jwks.json", get(jwks::get));
    if !prefix.is_empty() {
        router = router.route(&at("/.well-known/jwks.json"), get(jwks::get));
    }
    router.fallback(not_found).method_not_allowed_fallback(method_not_allowed).with_state(state)
}

async fn not_found(uri: Uri) -> Response {
    tracing::debug!(path = ?uri.path(), "no such path");
    ErrorAnswer::new(StatusCode::NOT_FOUND, "NOT_FOUND", "nothing is here: the token endpoint is /auth")
        .respond()
}

async fn method_not_allowed(method: Method) -> Response {
    tracing::debug!(%method, "method not allowed");
    ErrorAnswer::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "use GET or POST").respond()
}
