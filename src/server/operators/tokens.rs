//! `/tokens/…`: stored credentials, for those who run the server.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Desk, Mistake};
use crate::http;
use crate::state::NotDone;

pub(super) fn routes() -> Router<Desk> {
    Router::new()
        .route("/tokens/create", post(create))
        .route("/tokens/list", post(list))
        .route("/tokens/revoke", post(revoke))
}

async fn create(Shared(desk): Shared<Desk>, body: Bytes) -> Response {
    told(match read(&body) {
        Ok(request) => desk.front.state().create_token(request).await,
        Err(mistake) => Err(mistake),
    })
}

async fn list(Shared(desk): Shared<Desk>, body: Bytes) -> Response {
    told(match read(&body) {
        Ok(which) => desk.front.state().list_credentials(which).await,
        Err(mistake) => Err(mistake),
    })
}

async fn revoke(Shared(desk): Shared<Desk>, body: Bytes) -> Response {
    told(match read(&body) {
        Ok(which) => desk.front.state().revoke_credentials(which).await,
        Err(mistake) => Err(mistake),
    })
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, NotDone> {
    serde_json::from_slice(body)
        .map_err(|error| NotDone::Mistake(format!("the command cannot be read: {error}")))
}

pub(super) fn told(done: Result<impl Serialize, NotDone>) -> Response {
    match done {
        Ok(answer) => http::json_of(StatusCode::OK, &answer),
        Err(NotDone::Mistake(problem)) => mistake(StatusCode::BAD_REQUEST, problem),
        Err(NotDone::Unavailable(problem)) => mistake(StatusCode::SERVICE_UNAVAILABLE, problem),
    }
}

fn mistake(status: StatusCode, problem: String) -> Response {
    http::json_of(status, &Mistake { problem })
}
