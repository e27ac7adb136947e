//! The routes. One endpoint, one file, in one order: errors, answer, handlers, tests.

mod client;
mod credentials;
mod error_answer;
mod health;
mod jwks;
pub mod metrics;
mod params;
mod ready;
mod token;

use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Method, Request, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use axum::{BoxError, Router};
use tower::Service as _;

pub use client::ClientAddress;
pub use error_answer::ErrorAnswer;
pub(crate) use error_answer::json_of;
pub(crate) use health::get as healthy;
pub(crate) use ready::in_detail as ready_in_detail;

use crate::state::State;

/// The token endpoint: the second and the third are what registries and clients guess by themselves (distribution's
/// `autoredirect`, Docker Hub's shape); all three are the same.
const TOKEN: [&str; 3] = ["/auth", "/auth/token", "/token"];

/// Answers requests; a clone is the same.
#[derive(Clone)]
pub struct Routes {
    state: Arc<State>,
    router: Router,
    token: Arc<[String]>,
}

impl Routes {
    /// The routes of a state.
    pub fn new(state: Arc<State>) -> Self {
        let prefix = state.prefix();
        let token: Arc<[String]> = TOKEN.iter().map(|path| format!("{prefix}{path}")).collect();
        let router = router(Arc::clone(&state), &token);
        Self { state, router, token }
    }

    /// What answers.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// Answers one request.
    ///
    /// Nearly every request is a GET of a token, and it costs little but its signature: it goes there without the
    /// router, which would take longer to find the way than the rules take to decide.
    pub async fn answer<B>(&self, client: ClientAddress, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let path = request.uri().path();
        if request.method() == Method::GET && self.token.iter().any(|token| token == path) {
            return token::answer_get(&self.state, client, request.uri(), request.headers()).await;
        }
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(client);
        match self.router.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// The one route list.
fn router(state: Arc<State>, token: &[String]) -> Router {
    let prefix = state.prefix();
    let mut router = Router::new()
        .route("/healthz", get(health::get))
        .route("/readyz", get(ready::get))
        .route("/.well-known/jwks.json", get(jwks::get));
    if !prefix.is_empty() {
        router = router.route(&format!("{prefix}/.well-known/jwks.json"), get(jwks::get));
    }
    for path in token {
        router = router.route(path, get(token::get).post(token::post));
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
