//! What those reach who watch the server, and those who run it.

mod bans;
mod store;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State as Shared};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tower::Service as _;

use crate::http::{self, ErrorAnswer, Peer};
use crate::net::{Answers, RequestBody};
use crate::server::front::Front;
use crate::server::outcome::Outcome;
use crate::state::ExplainRequest;

/// Reloads that may wait for the one before them; all who wait are told of the same one.
const MOST_ASKED: usize = 16;

/// Of a question to explain, in bytes.
const LONGEST_QUESTION: usize = 256 * 1024;
/// One reload may have to end before another begins, and each ends within 75 seconds.
const TOLD_WITHIN: Duration = Duration::from_secs(150);

/// Whatever is asked, its body and the answer to it.
const ANSWERED_WITHIN: Duration = Duration::from_secs(170);

/// Somebody asks for a reload and wants to know what came of it.
pub(super) type Asked = oneshot::Sender<Arc<Outcome>>;

/// What the handlers see of the server.
#[derive(Clone)]
struct Desk {
    front: Front,
    reload: mpsc::Sender<Asked>,
}

/// The routes of both doors.
pub(super) struct Operators {
    watching: Router,
    commanding: Router,
}

/// The routes of one of them.
#[derive(Clone)]
pub(super) struct OperatorRoutes(Router);

impl Operators {
    /// The routes, and what those ask who want a reload.
    pub(super) fn new(front: Front) -> (Self, mpsc::Receiver<Asked>) {
        let (reload, asked) = mpsc::channel(MOST_ASKED);
        let metrics = http::metrics::routes(Arc::clone(front.state().metrics()));
        let desk = Desk { front, reload };
        let watching = Router::new().route("/healthz", get(http::healthy)).route("/readyz", get(ready));
        let commanding = watching
            .clone()
            .route("/status", get(ready))
            .route("/keys", get(keys))
            .route("/reload", post(reload_now))
            .route("/explain", post(explain))
            .merge(tokens::routes())
            .merge(store::routes())
            .merge(bans::routes())
            .layer(DefaultBodyLimit::max(LONGEST_QUESTION));
        let whole =
            |routes: Router<Desk>| routes.fallback(nothing).with_state(desk.clone()).merge(metrics.clone());
        (Self { watching: whole(watching), commanding: whole(commanding) }, asked)
    }

    /// For those who watch.
    pub(super) fn watching(&self) -> OperatorRoutes {
        OperatorRoutes(self.watching.clone())
    }

    /// For those who run it.
    pub(super) fn commanding(&self) -> OperatorRoutes {
        OperatorRoutes(self.commanding.clone())
    }
}

impl Answers for OperatorRoutes {
    async fn answer(&self, _: Peer, request: Request<RequestBody>) -> Response {
        let mut routes = self.0.clone();
        // As long as it is: each of its pieces has a deadline.
        if request.uri().path() == store::IMPORT {
            return match routes.call(request.map(Body::new)).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
        }
        let answered = tokio::time::timeout(ANSWERED_WITHIN, routes.call(request.map(Body::new)));
        match answered.await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => ErrorAnswer::unavailable(Duration::from_secs(1)).respond(),
        }
    }

    fn refuse(&self, _: Peer, answer: ErrorAnswer) -> Response {
        answer.respond()
    }
}

async fn ready(Shared(desk): Shared<Desk>) -> Response {
    http::ready_in_detail(&desk.front.state()).await
}

/// The signing keys as they are in this process.
async fn keys(Shared(desk): Shared<Desk>) -> Response {
    let state = desk.front.state();
    http::json_of(StatusCode::OK, &state.signing().listed(state.now()))
}

/// What came of a reload, for who asked for it.
#[derive(Serialize)]
struct Told<'a> {
    reloaded: bool,
    config: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

async fn reload_now(Shared(desk): Shared<Desk>) -> Response {
    let (tell, told) = oneshot::channel();
    let busy = || ErrorAnswer::unavailable(Duration::from_secs(1)).respond();
    if desk.reload.try_send(tell).is_err() {
        return busy();
    }
    let Ok(Ok(outcome)) = tokio::time::timeout(TOLD_WITHIN, told).await else { return busy() };
    let lines =
        |problems: &[dockgate_api::config::Problem]| problems.iter().map(ToString::to_string).collect();
    let (status, told) = match outcome.as_ref() {
        Outcome::Swapped { config, warnings } => {
            (StatusCode::OK, Told { reloaded: true, config, problems: Vec::new(), warnings: lines(warnings) })
        }
        Outcome::Refused { config, problems } => (
            StatusCode::UNPROCESSABLE_ENTITY,
            Told { reloaded: false, config, problems: lines(problems), warnings: Vec::new() },
        ),
    };
    http::json_of(status, &told)
}

/// Why a question cannot be explained.
#[derive(Serialize)]
struct Mistake {
    problem: String,
}

async fn explain(Shared(desk): Shared<Desk>, body: Bytes) -> Response {
    let explained = match serde_json::from_slice::<ExplainRequest>(&body) {
        Ok(request) => desk.front.state().explain(request).await,
        Err(error) => Err(format!("the question cannot be read: {error}")),
    };
    match explained {
        Ok(explanation) => http::json_of(StatusCode::OK, &explanation),
        Err(problem) => http::json_of(StatusCode::BAD_REQUEST, &Mistake { problem }),
    }
}

async fn nothing() -> Response {
    ErrorAnswer::new(StatusCode::NOT_FOUND, "NOT_FOUND", "nothing is here").respond()
}
