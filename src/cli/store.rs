//! `dockgate store export` and `dockgate store import`, on a running server.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::{Body, Frame, Incoming};
use serde::Deserialize;
use tokio::sync::mpsc;

use super::admin::{self, Failure};
use super::arguments::StoreCommand;
use crate::outside::Outside;

/// For the next piece: the server waits for its store no longer.
const NEXT_WITHIN: Duration = Duration::from_secs(90);
/// Beyond any answer that is no export.
const LONGEST_ANSWER: usize = 1024 * 1024;
const PIECE: usize = 64 * 1024;

/// What an import has done, as the server tells it.
#[derive(Deserialize)]
struct Imported {
    written: u64,
    expired: u64,
}

pub(super) fn run(command: &StoreCommand, outside: &Outside) -> ExitCode {
    let (StoreCommand::Export { config } | StoreCommand::Import { config }) = command;
    let socket = match admin::socket_of(config, outside) {
        Ok(socket) => socket,
        Err(code) => return code,
    };
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::failed(&format!("cannot start: {error}")),
    };
    let done = runtime.block_on(async {
        match command {
            StoreCommand::Export { .. } => export(&socket).await,
            StoreCommand::Import { .. } => import(&socket).await,
        }
    });
    super::end(runtime);
    done.unwrap_or_else(|error| super::failed(&admin::unanswered(&socket, &error)))
}

async fn export(socket: &Path) -> Result<ExitCode, Failure> {
    let answer = admin::send(socket, Method::GET, "/store/export", Empty::<Bytes>::new());
    let answer = tokio::time::timeout(NEXT_WITHIN, answer).await??;
    if answer.status() != StatusCode::OK {
        return refused(answer).await;
    }
    let mut body = answer.into_body();
    let mut out = std::io::stdout().lock();
    while let Some(frame) = tokio::time::timeout(NEXT_WITHIN, body.frame()).await? {
        let Ok(frame) = frame else {
            return Ok(super::failed(
                "the export was cut off, what was printed is not all: see the server's log",
            ));
        };
        let Ok(piece) = frame.into_data() else { continue };
        if let Err(error) = out.write_all(&piece) {
            return Ok(super::failed(&format!("cannot write: {error}")));
        }
    }
    match out.flush() {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => Ok(super::failed(&format!("cannot write: {error}"))),
    }
}

async fn import(socket: &Path) -> Result<ExitCode, Failure> {
    let (give, pieces) = mpsc::channel(1);
    let reading = std::thread::spawn(move || read(&give));
    let answer = admin::send(socket, Method::POST, "/store/import", Pieces(pieces)).await?;
    if answer.status() != StatusCode::OK {
        return refused(answer).await;
    }
    let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await?.to_bytes();
    if let Ok(Err(error)) = reading.join() {
        return Ok(super::failed(&format!("cannot read standard input: {error}")));
    }
    let Ok(Imported { written, expired }) = serde_json::from_slice(&body) else {
        return Ok(admin::not_understood());
    };
    super::say(&format!("imported: {written}"));
    if expired > 0 {
        super::say(&format!("left out, since they had ended: {expired}"));
    }
    Ok(ExitCode::SUCCESS)
}

async fn refused(answer: Response<Incoming>) -> Result<ExitCode, Failure> {
    let status = answer.status();
    let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await?.to_bytes();
    Ok(admin::refused(status, &body))
}

/// Standard input, a piece at a time, as fast as the server takes it.
fn read(give: &mpsc::Sender<Bytes>) -> std::io::Result<()> {
    let mut input = std::io::stdin().lock();
    let mut piece = vec![0; PIECE];
    loop {
        let length = input.read(&mut piece)?;
        let bytes = Bytes::copy_from_slice(piece.get(..length).unwrap_or_default());
        if bytes.is_empty() || give.blocking_send(bytes).is_err() {
            return Ok(());
        }
    }
}

/// A body that grows while it is read.
struct Pieces(mpsc::Receiver<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
