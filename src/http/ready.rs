//! `GET /readyz`: whether requests should be sent here.
//!
//! 503 only while the server starts or was told to stop. A directory that is down is no reason: every replica would leave
//! at once, and with them those whose accounts are elsewhere. What backends say of themselves stands in the answer of the
//! metrics and admin doors, never in the one that clients can read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use dockgate_api::{Call, Health};
use serde::Serialize;

use super::error_answer::json_of;
use crate::state::{Phase, State};

/// What all backends together may take to say how they are.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct Brief {
    status: &'static str,
}

/// What those see who watch the server.
#[derive(Serialize)]
struct Detailed<'a> {
    status: &'static str,
    config: &'a str,
    version: &'static str,
    authn: Vec<LinkState<'a>>,
    authz: Vec<LinkState<'a>>,
}

#[derive(Serialize)]
struct LinkState<'a> {
    link: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

pub(super) async fn get(Shared(state): Shared<Arc<State>>) -> Response {
    let phase = state.lasting().phase();
    json_of(status(phase), &Brief { status: phase.word() })
}

/// The same with the configuration's hash and the states of the backends.
pub(crate) async fn in_detail(state: &State) -> Response {
    let phase = state.lasting().phase();
    let cx = Call::new(state.now(), Instant::now() + PATIENCE, state.next_request_id());
    let (authn, authz) = state.access().chains();
    let mut detailed = Detailed {
        status: phase.word(),
        config: state.config_hash(),
        version: env!("CARGO_PKG_VERSION"),
        authn: Vec::with_capacity(authn.links().len()),
        authz: Vec::with_capacity(authz.links().len()),
    };
    for link in authn.links() {
        detailed.authn.push(link_state(&link.name, asked(&cx, link.backend.health(&cx)).await));
    }
    for link in authz.links() {
        detailed.authz.push(link_state(&link.name, asked(&cx, link.backend.health(&cx)).await));
    }
    json_of(status(phase), &detailed)
}

fn status(phase: Phase) -> StatusCode {
    match phase {
        Phase::Ready => StatusCode::OK,
        Phase::Starting | Phase::Draining => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn asked(cx: &Call, health: impl Future<Output = Health>) -> Health {
    let late = || Health::Down("it does not say within its time".to_owned());
    tokio::time::timeout(cx.remaining(), health).await.unwrap_or_else(|_| late())
}

fn link_state(link: &str, health: Health) -> LinkState<'_> {
    let (state, why) = match health {
        Health::Up => ("up", None),
        Health::Degraded(why) => ("degraded", Some(why)),
        Health::Down(why) => ("down", Some(why)),
        _ => ("unknown", None),
    };
    LinkState { link, state, why }
}
