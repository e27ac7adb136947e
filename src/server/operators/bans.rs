//! `/bans/…`: who is refused for a while, for those who run the server.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::{get, post};

use super::Desk;
use super::tokens::{read, told};

pub(super) fn routes() -> Router<Desk> {
    Router::new().route("/bans/list", get(list)).route("/bans/lift", post(lift))
}

async fn list(Shared(desk): Shared<Desk>) -> Response {
    told(desk.front.state().list_bans().await)
}

async fn lift(Shared(desk): Shared<Desk>, body: Bytes) -> Response {
    told(match read(&body) {
        Ok(request) => desk.front.state().lift_bans(request).await,
        Err(mistake) => Err(mistake),
    })
}
