//! Which web pages may read our answers (Fetch standard, "CORS protocol").
//!
//! No page gets the browser to add credentials of its own: nothing here knows cookies. A page that logs somebody in sends
//! the `Authorization` header itself.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use crate::config::server::CorsConfig;

/// How long a browser may keep what a preflight told it.
static KEPT: HeaderValue = HeaderValue::from_static("600");

/// The origins that are listed.
#[derive(Debug)]
pub(super) struct Cors(Vec<HeaderValue>);

/// What a browser is told.
pub(super) enum Page<'a> {
    /// Nothing: no page may read anything here.
    Unknown,
    /// That the answer depends on who asks, and that this one may not read it.
    Unlisted,
    /// That it may read it.
    Listed(&'a HeaderValue),
}

impl Cors {
    pub(super) fn new(config: &CorsConfig) -> Self {
        let origins = config.origins.iter();
        Self(origins.filter_map(|origin| HeaderValue::from_str(origin).ok()).collect())
    }

    pub(super) fn page(&self, headers: &HeaderMap) -> Page<'_> {
        if self.0.is_empty() {
            return Page::Unknown;
        }
        let asked = headers.get(header::ORIGIN);
        self.0.iter().find(|origin| Some(*origin) == asked).map_or(Page::Unlisted, Page::Listed)
    }
}

impl Page<'_> {
    /// The answer to a browser that asks first, if it does and may.
    pub(super) fn preflight(
        &self,
        method: &Method,
        headers: &HeaderMap,
        methods: &'static str,
    ) -> Option<Response> {
        let asks = *method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !asks || !matches!(self, Self::Listed(_)) {
            return None;
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let told = response.headers_mut();
        told.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        told.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("authorization, content-type"),
        );
        told.insert(header::ACCESS_CONTROL_MAX_AGE, KEPT.clone());
        Some(response)
    }

    /// Tells the browser, and every cache on the way.
    pub(super) fn mark(&self, headers: &mut HeaderMap) {
        if !matches!(self, Self::Unknown) {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if let Self::Listed(origin) = self {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::clone(origin));
            let readable = HeaderValue::from_static("retry-after, www-authenticate, x-request-id");
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, readable);
        }
    }
}
