//! The routes. One endpoint, one file, in one order: errors, answer, handlers, tests.

mod body;
mod client;
mod cors;
mod credentials;
mod error_answer;
mod forward_auth;
mod health;
mod jwks;
pub mod metrics;
mod params;
mod ready;
mod token;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use axum::{BoxError, Extension, Router};
use dockgate_api::RequestId;
use tower::Service as _;

pub(crate) use body::{BadBody, is_form, read_body};
pub(crate) use client::{Addresses, BadAddress, OverTls, is_this_machine};
pub use client::{ClientAddress, Peer};
pub use error_answer::ErrorAnswer;
pub(crate) use error_answer::{json_of, seconds};
pub(crate) use health::get as healthy;
pub(crate) use ready::in_detail as ready_in_detail;

use crate::access::AtTheDoor;
use crate::login::{self, Login};
use crate::metrics::{Connections, Outcome, Unanswered};
use crate::state::State;
use client::PeerCertificate;
use cors::{Cors, Page};
use token::Client;

/// The token endpoint: the second and the third are what registries and clients guess by themselves (distribution's
/// `autoredirect`, Docker Hub's shape); all three are the same.
const TOKEN: [&str; 3] = ["/auth", "/auth/token", "/token"];

/// What proxies ask, with `forward_auth`.
const GATE: &str = "/forward-auth";

const JWKS: &str = "/.well-known/jwks.json";

/// Names a request to its client as the log does to us.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Two years, for the names below ours as well (RFC 6797, section 6.1): docker_auth's words.
static HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// What of a proxy's own request id is worth a line.
const LONGEST_FOREIGN_ID: usize = 64;

/// Answers requests; a clone is the same.
#[derive(Clone)]
pub struct Routes {
    state: Arc<State>,
    router: Router,
    frame: Arc<Frame>,
}

/// What surrounds every route.
struct Frame {
    token: Vec<String>,
    gate: String,
    jwks: [String; 2],
    addresses: Addresses,
    cors: Cors,
    https_only: bool,
    meter: Connections,
}

impl Routes {
    /// The routes of a state.
    pub fn new(state: Arc<State>) -> Self {
        let prefix = state.prefix();
        let server = state.server();
        let frame = Frame {
            token: TOKEN.iter().map(|path| format!("{prefix}{path}")).collect(),
            gate: format!("{prefix}{GATE}"),
            jwks: [JWKS.to_owned(), format!("{prefix}{JWKS}")],
            addresses: Addresses::new(server),
            cors: Cors::new(&server.cors),
            https_only: server.hsts.as_ref().is_some_and(|hsts| hsts.value),
            meter: Connections::new(state.metrics().as_ref()),
        };
        let router = router(Arc::clone(&state), &frame);
        Self { state, router, frame: Arc::new(frame) }
    }

    /// Answers one request, within its time.
    pub async fn answer<B>(&self, peer: impl Into<Peer>, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let peer = peer.into();
        let id = self.state.next_request_id();
        let headers = request.headers();
        note_foreign_id(id, headers);
        let page = match self.frame.methods(request.uri().path()) {
            Some(methods) => {
                let page = self.frame.cors.page(headers);
                if let Some(mut response) = page.preflight(request.method(), headers, methods) {
                    self.frame.finish(&mut response, &peer, id, &page);
                    return response;
                }
                page
            }
            None => Page::Unknown,
        };
        let limits = self.state.limits();
        let answered = tokio::time::timeout(limits.request_timeout.0, self.route(&peer, id, request));
        let mut response = answered.await.unwrap_or_else(|_| {
            self.frame.meter.failed(Unanswered::RequestTimeout);
            tracing::warn!(request_id = %id, "a request took longer than server.limits.request_timeout");
            ErrorAnswer::unavailable(Duration::from_secs(5)).respond()
        });
        self.frame.finish(&mut response, &peer, id, &page);
        response
    }

    /// What answers.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// Refuses a request that is not looked at any further.
    pub fn refuse(&self, peer: impl Into<Peer>, answer: ErrorAnswer) -> Response {
        let mut response = answer.respond();
        self.frame.finish(&mut response, &peer.into(), self.state.next_request_id(), &Page::Unknown);
        response
    }

    /// Nearly every request is a GET of a token, and it costs little but its signature: it goes there without the
    /// router, which would take longer to find the way than the rules take to decide.
    async fn route<B>(&self, peer: &Peer, id: RequestId, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let path = request.uri().path();
        let mut client = peer.address;
        if self.frame.token.iter().any(|token| token == path) {
            // Only here does it decide anything; probes and registries that fetch the keys come without proxies.
            client = match self.frame.addresses.resolve(peer.address, request.headers()) {
                Ok(client) => client,
                Err(bad) => {
                    let access = self.state.access();
                    access.meter().count(Outcome::Malformed, "", Duration::ZERO);
                    access.refused_at_the_door(&AtTheDoor {
                        request_id: id,
                        client: peer.address.0,
                        client_id: None,
                        account: None,
                        service: None,
                        reason: Outcome::Malformed.as_str(),
                        detail: bad.message(),
                    });
                    return ErrorAnswer::bad_request(bad.message()).respond();
                }
            };
            if request.method() == Method::GET {
                let standing = self.frame.addresses.standing(peer.address, client);
                let client = Client { address: client, certificate: peer.certificate.clone(), standing };
                return token::answer_get(&self.state, client, id, request.uri(), request.headers()).await;
            }
        } else if let Some(open) = self.state.gate()
            && forward_auth::is_asked(&self.frame.gate, path)
        {
            let (head, _) = request.into_parts();
            return forward_auth::answer(&self.state, open, &self.frame.gate, peer, id, &head).await;
        }
        let standing = self.frame.addresses.standing(peer.address, client);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(client);
        request.extensions_mut().insert(standing);
        request.extensions_mut().insert(PeerCertificate(peer.certificate.clone()));
        request.extensions_mut().insert(OverTls(peer.over_tls));
        request.extensions_mut().insert(id);
        match self.router.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

impl Frame {
    /// What web pages may do at a path, if anything.
    fn methods(&self, path: &str) -> Option<&'static str> {
        if self.token.iter().any(|token| token == path) {
            Some("GET, POST")
        } else {
            self.jwks.iter().any(|jwks| jwks == path).then_some("GET")
        }
    }

    /// What every answer carries.
    fn finish(&self, response: &mut Response, peer: &Peer, id: RequestId, page: &Page<'_>) {
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_bytes(&digits(id)) {
            headers.insert(REQUEST_ID.clone(), id);
        }
        if self.https_only && peer.over_tls {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY.clone());
        }
        page.mark(headers);
    }
}

/// As the log writes it, without the formatter: every answer has one.
fn digits(id: RequestId) -> [u8; 16] {
    let mut digits = [0; 16];
    for (place, digit) in digits.iter_mut().rev().enumerate() {
        let [value, ..] = (id.bits() >> (4 * place) & 15).to_le_bytes();
        *digit = if value < 10 { b'0' + value } else { b'a' + value - 10 };
    }
    digits
}

/// Somebody else's id is no name for a request: they may say the same twice, or what another request is called. Who
/// looks for it finds both at the level `debug`.
fn note_foreign_id(id: RequestId, headers: &HeaderMap) {
    if tracing::enabled!(tracing::Level::DEBUG)
        && let Some(foreign) = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok())
        && foreign.len() <= LONGEST_FOREIGN_ID
    {
        tracing::debug!(request_id = %id, proxy_request_id = ?foreign, "has an id of the proxy's");
    }
}

/// The one route list.
fn router(state: Arc<State>, frame: &Frame) -> Router {
    let mut router = Router::new().route("/healthz", get(health::get)).route("/readyz", get(ready::get));
    let [plain, prefixed] = &frame.jwks;
    router = router.route(plain, get(jwks::get));
    if prefixed != plain {
        router = router.route(prefixed, get(jwks::get));
    }
    for path in &frame.token {
        router = router.route(path, get(token::get).post(token::post));
    }
    if let Some(login) = state.login() {
        router = pages(router, state.prefix(), login);
    }
    router.fallback(not_found).method_not_allowed_fallback(method_not_allowed).with_state(state)
}

/// What browsers come for, where a link signs people in.
fn pages(mut router: Router<Arc<State>>, prefix: &str, login: &Login) -> Router<Arc<State>> {
    if !prefix.is_empty() {
        router = router.route(prefix, page(get(login::to_home)));
    }
    for provider in login.providers() {
        router = router.route(&format!("{prefix}{}", provider.route), page(get(login::sign_in)));
    }
    for (path, method) in [
        ("/", get(login::home)),
        ("/sign-out", post(login::sign_out)),
        ("/app-passwords", post(login::create_app_password)),
        ("/app-passwords/revoke", post(login::revoke_app_password)),
        ("/assets/{name}", get(login::asset)),
    ] {
        router = router.route(&format!("{prefix}{path}"), page(method));
    }
    if login.device() { login::device::routes(router, prefix) } else { router }
}

fn page(method: MethodRouter<Arc<State>>) -> MethodRouter<Arc<State>> {
    method.fallback(login::wrong_method)
}

pub(crate) fn nothing_here() -> Response {
    ErrorAnswer::new(StatusCode::NOT_FOUND, "NOT_FOUND", "nothing is here: the token endpoint is /auth")
        .respond()
}

async fn not_found(Extension(id): Extension<RequestId>, uri: Uri) -> Response {
    tracing::debug!(request_id = %id, path = ?uri.path(), "no such path");
    nothing_here()
}

async fn method_not_allowed(Extension(id): Extension<RequestId>, method: Method) -> Response {
    tracing::debug!(request_id = %id, %method, "method not allowed");
    ErrorAnswer::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "use GET or POST").respond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_its_request_as_the_log_does() {
        for bits in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX, 0xf0 << 56] {
            let id = RequestId::from_bits(bits);
            assert_eq!(digits(id), id.to_string().as_bytes());
        }
    }
}
