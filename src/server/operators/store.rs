//! `/store/…`: everything that is kept, as lines, in pieces: neither end ever holds all of it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use dockgate_api::{Call, Store};
use dockgate_store::{Export, Import, Imported};
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use serde::Serialize;
use tokio::sync::mpsc;

use super::tokens::told;
use super::{Desk, Mistake};
use crate::http;
use crate::state::{NO_STORE, NotDone, State};

/// For one piece: a page of records out of the store, or some lines into it.
const A_PIECE_WITHIN: Duration = Duration::from_secs(60);
/// Of lines that are refused: more than a store of a hundred thousand records.
const MOST_READ_OUT: usize = 256 * 1024 * 1024;
/// Pieces that are ready before the last one was taken.
const AHEAD: usize = 2;

/// Where a route may take as long as its pieces keep coming.
pub(super) const IMPORT: &str = "/store/import";

pub(super) fn routes() -> Router<Desk> {
    Router::new().route("/store/export", get(export)).route(IMPORT, post(import))
}

/// What an import has done.
#[derive(Serialize)]
struct Told {
    written: u64,
    expired: u64,
}

async fn export(Shared(desk): Shared<Desk>) -> Response {
    let state = desk.front.state();
    let Some(store) = state.store() else { return no_store() };
    let mut export = Export::new(Arc::clone(store) as Arc<dyn Store>);
    // The first page tells whether the store answers at all: later an error can only cut the answer off.
    let mut first = String::new();
    for _ in 0..2 {
        match export.more(&call(&state)).await {
            Ok(more) => first.push_str(&more.unwrap_or_default()),
            Err(error) => return told(Err::<(), _>(NotDone::from(error))),
        }
    }
    let (give, pieces) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let mut piece = Ok(first);
        loop {
            let is_last = piece.is_err();
            // Who does not read any more needs no answer.
            if give.send(piece.map(Bytes::from)).await.is_err() || is_last {
                return;
            }
            piece = match export.more(&call(&state)).await {
                Ok(Some(more)) => Ok(more),
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "an export is cut off: the store does not answer");
                    Err(CutOff)
                }
            };
        }
    });
    let mut response = Response::new(Body::new(Pieces(pieces)));
    response.headers_mut().insert("content-type", axum::http::HeaderValue::from_static("application/jsonl"));
    response
}

async fn import(Shared(desk): Shared<Desk>, mut body: Body) -> Response {
    let state = desk.front.state();
    let Some(store) = state.store() else {
        read_out(body).await;
        return no_store();
    };
    let mut import = Import::new(Arc::clone(store) as Arc<dyn Store>);
    loop {
        let frame = match tokio::time::timeout(A_PIECE_WITHIN, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => break,
            Ok(Some(Err(_))) | Err(_) => return stopped(&import, "the lines end early"),
        };
        let Ok(bytes) = frame.into_data() else { continue };
        if let Err(error) = import.feed(&call(&state), &bytes).await {
            read_out(body).await;
            return stopped(&import, &error.to_string());
        }
    }
    let so_far = import.so_far();
    match import.finish(&call(&state)).await {
        Ok(Imported { written, expired, .. }) => {
            tracing::info!(written, expired, "credentials imported");
            http::json_of(StatusCode::OK, &Told { written, expired })
        }
        Err(error) => refuse(StatusCode::BAD_REQUEST, said(so_far, &error.to_string())),
    }
}

/// Takes what is still being sent: a client that finds the door closed while it writes does not hear why.
async fn read_out(mut body: Body) {
    let mut left = MOST_READ_OUT;
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(A_PIECE_WITHIN, body.frame()).await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}

fn stopped(import: &Import, why: &str) -> Response {
    refuse(StatusCode::BAD_REQUEST, said(import.so_far(), why))
}

fn said(so_far: Imported, why: &str) -> String {
    format!("{why}; {} records before it are in the store", so_far.written)
}

fn no_store() -> Response {
    refuse(StatusCode::BAD_REQUEST, NO_STORE.to_owned())
}

fn refuse(status: StatusCode, problem: String) -> Response {
    http::json_of(status, &Mistake { problem })
}

fn call(state: &State) -> Call {
    Call::new(state.now(), Instant::now() + A_PIECE_WITHIN, state.next_request_id())
}

/// The answer ends in the middle, and whoever reads it sees that it does.
#[derive(Debug, thiserror::Error)]
#[error("the store does not answer")]
struct CutOff;

/// A body whose pieces come as they are made.
struct Pieces(mpsc::Receiver<Result<Bytes, CutOff>>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
