//! `GET /healthz`: the process answers. Says nothing of backends: a directory that is down must not take the server
//! out of service.

use axum::response::Response;

use super::error_answer::json;

pub(crate) async fn get() -> Response {
    json(axum::http::StatusCode::OK, br#"{"status":"ok"}"#.to_vec())
}
