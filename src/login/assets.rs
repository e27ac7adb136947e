//! `GET {prefix}/assets/…`: the style sheet, the script of the copy buttons, the logo.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderValue, Uri, header};
use axum::response::Response;
use data_encoding::HEXLOWER;

use super::logo::Logo;
use crate::http::nothing_here;
use crate::state::State;

const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/copy.js");

/// An SVG that somebody opens by itself does nothing.
const OF_PICTURES: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// Stands behind the names, which may be kept for ever then.
pub(super) fn version(logo: Option<&Logo>) -> String {
    let mut hash = Context::new(&SHA256);
    for part in [STYLE.as_bytes(), SCRIPT.as_bytes(), logo.map_or(b"", |logo| &logo.bytes)] {
        hash.update(part);
    }
    HEXLOWER.encode(hash.finish().as_ref()).chars().take(12).collect()
}

/// One of them.
pub(crate) async fn get(Shared(state): Shared<Arc<State>>, uri: Uri) -> Response {
    let logo = state.login().and_then(|login| login.logo());
    let name = uri.path().rsplit('/').next().unwrap_or_default();
    let (content_type, body) = match (name, logo) {
        ("style.css", _) => ("text/css; charset=utf-8", Body::from(STYLE)),
        ("copy.js", _) => ("text/javascript; charset=utf-8", Body::from(SCRIPT)),
        ("logo", Some(logo)) => (logo.content_type, Body::from(logo.bytes.clone())),
        _ => return nothing_here(),
    };
    let mut response = Response::new(body);
    for (name, value) in [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::CONTENT_SECURITY_POLICY, OF_PICTURES),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
