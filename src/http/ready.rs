//! `GET /readyz`: whether requests should be sent here.
//!
//! 503 only while the server starts or was told to stop. A directory that is down is no reason: every replica would leave
//! at once, and with them those whose accounts are elsewhere. What backends say of themselves stands in the answer of the
//! metrics and admin doors, never in the one that clients can read.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use dockgate_api::{Call, Health, Store as _};
use serde::Serialize;

use super::error_answer::json_of;
use crate::access::explanation::shown;
use crate::state::{Phase, State};

/// A backend that was asked how it is.
type Asked<'a> = Pin<Box<dyn Future<Output = Health> + Send + 'a>>;

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
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<LinkState<'a>>,
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
    let of_authn = authn.links().iter().map(|link| link.backend.health(&cx));
    let of_authz = authz.links().iter().map(|link| link.backend.health(&cx));
    let store = state.store();
    let of_store = store.iter().map(|store| store.health(&cx));
    let asked = of_authn.chain(of_authz).chain(of_store).collect();
    let mut said = said_within(PATIENCE, asked).await.into_iter();
    let mut link_state = |link| link_state(link, said.next().flatten());
    let detailed = Detailed {
        status: phase.word(),
        config: state.config_hash(),
        version: env!("CARGO_PKG_VERSION"),
        authn: authn.links().iter().map(|link| link_state(&link.name)).collect(),
        authz: authz.links().iter().map(|link| link_state(&link.name)).collect(),
        store: store.map(|store| link_state(store.kind())),
    };
    json_of(status(phase), &detailed)
}

/// What they say within the time, all asked at once: one that hangs takes nothing of the others' time.
async fn said_within(patience: Duration, mut asked: Vec<Asked<'_>>) -> Vec<Option<Health>> {
    let mut said: Vec<Option<Health>> = asked.iter().map(|_| None).collect();
    let all = poll_fn(|context| {
        let mut waits = false;
        for (asked, said) in asked.iter_mut().zip(&mut said).filter(|(_, said)| said.is_none()) {
            match asked.as_mut().poll(context) {
                Poll::Ready(health) => *said = Some(health),
                Poll::Pending => waits = true,
            }
        }
        if waits { Poll::Pending } else { Poll::Ready(()) }
    });
    // Whoever is late has said nothing.
    let _ = tokio::time::timeout(patience, all).await;
    said
}

fn status(phase: Phase) -> StatusCode {
    match phase {
        Phase::Ready => StatusCode::OK,
        Phase::Starting | Phase::Draining => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn link_state(link: &str, health: Option<Health>) -> LinkState<'_> {
    let health = health.unwrap_or_else(|| Health::Down("it does not say within its time".to_owned()));
    let (state, why) = match health {
        Health::Up => ("up", None),
        Health::Degraded(why) => ("degraded", Some(why)),
        Health::Down(why) => ("down", Some(why)),
        _ => ("unknown", None),
    };
    // Backends repeat what others answer, and `dockgate status` shows it on a terminal: JSON leaves some of the
    // characters as they are that move its cursor or turn its letters round.
    LinkState { link, state, why: why.map(|why| shown(&why)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_backend_says_moves_the_cursor() {
        let said = Health::Degraded("\u{1b}[31m\u{9b}2J\u{202e}\u{7f}\nbad".to_owned());
        let why = link_state("l", Some(said)).why.unwrap();
        assert_eq!(why, r"\u{1b}[31m\u{9b}2J\u{202e}\u{7f}\u{a}bad");
    }

    #[tokio::test]
    async fn one_that_hangs_makes_nobody_else_look_down() {
        let soon = async {
            tokio::task::yield_now().await;
            Health::Up
        };
        let asked: Vec<Asked<'_>> =
            vec![Box::pin(std::future::pending()), Box::pin(soon), Box::pin(async { Health::Up })];
        let said = said_within(Duration::from_millis(50), asked).await;
        let states: Vec<_> = said.into_iter().map(|said| link_state("l", said).state).collect();
        assert_eq!(states, ["down", "up", "up"]);
    }
}
