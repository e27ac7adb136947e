//! `dockgate reload CONFIG` and `dockgate status CONFIG`: what a running server is told and asked over its admin socket.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Method, Request, Response, StatusCode};
use dockgate_api::config::Node;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::UnixStream;

use super::arguments::AdminOptions;
use crate::access::explanation::Explanation;
use crate::config::Source;
use crate::outside::Outside;
use crate::state::{ExplainRequest, ListedKey};

/// The server itself gives up before: by then it has told what hangs.
const ANSWERED_WITHIN: Duration = Duration::from_secs(180);
/// Beyond any list of problems that somebody reads.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// What came of a reload, as the server tells it.
#[derive(Deserialize)]
struct Told {
    reloaded: bool,
    config: String,
    #[serde(default)]
    problems: Vec<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

/// Why a command is not carried out.
#[derive(Deserialize)]
struct Mistake {
    problem: String,
}

/// `dockgate reload CONFIG`.
pub(super) fn reload(options: &AdminOptions, outside: &Outside) -> ExitCode {
    let told = match ask(options, outside, Method::POST, "/reload", Bytes::new()) {
        Ok((_, body)) => serde_json::from_slice::<Told>(&body),
        Err(code) => return code,
    };
    let Ok(told) = told else { return not_understood() };
    for warning in &told.warnings {
        super::say(&format!("warning: {warning}"));
    }
    if told.reloaded {
        super::say(&format!("reloaded: configuration {}", told.config));
        return ExitCode::SUCCESS;
    }
    for problem in &told.problems {
        super::complain(problem);
    }
    let config = options.config.display();
    super::complain(&format!("{config}: nothing was changed, configuration {} goes on", told.config));
    ExitCode::from(super::MISTAKE)
}

/// `dockgate status CONFIG`.
pub(super) fn status(options: &AdminOptions, outside: &Outside) -> ExitCode {
    match ask(options, outside, Method::GET, "/status", Bytes::new()) {
        Ok((status, body)) => {
            super::say(String::from_utf8_lossy(&body).trim_end());
            if status == StatusCode::OK { ExitCode::SUCCESS } else { ExitCode::from(super::FAILED) }
        }
        Err(code) => code,
    }
}

/// `dockgate explain CONFIG --live`; what went wrong has been said.
pub(super) fn explain(
    config: &Path,
    request: &ExplainRequest,
    outside: &Outside,
) -> Result<Explanation, ExitCode> {
    let options = AdminOptions { config: config.to_path_buf(), socket: None };
    let question = serde_json::to_vec(request).map_err(|error| super::failed(&error.to_string()))?;
    let (status, body) = ask(&options, outside, Method::POST, "/explain", question.into())?;
    if status == StatusCode::BAD_REQUEST {
        return Err(refused(status, &body));
    }
    serde_json::from_slice(&body).map_err(|_| not_understood())
}

/// Says why the server did not do as it was told.
pub(super) fn refused(status: StatusCode, body: &[u8]) -> ExitCode {
    match serde_json::from_slice::<Mistake>(body) {
        Ok(told) if status == StatusCode::BAD_REQUEST => super::refuse_usage(&told.problem),
        Ok(told) => super::failed(&told.problem),
        Err(_) => not_understood(),
    }
}

/// `dockgate keys list CONFIG --live`; what went wrong has been said.
pub(super) fn keys(config: &Path, outside: &Outside) -> Result<Vec<ListedKey>, ExitCode> {
    let options = AdminOptions { config: config.to_path_buf(), socket: None };
    let (_, body) = ask(&options, outside, Method::GET, "/keys", Bytes::new())?;
    serde_json::from_slice(&body).map_err(|_| not_understood())
}

pub(super) fn not_understood() -> ExitCode {
    super::failed("the server's answer cannot be understood: is it another version?")
}

/// One request; what went wrong has been said.
pub(super) fn ask(
    options: &AdminOptions,
    outside: &Outside,
    method: Method,
    path: &'static str,
    body: Bytes,
) -> Result<(StatusCode, Bytes), ExitCode> {
    let socket = match &options.socket {
        Some(socket) => socket.clone(),
        None => socket_of(&options.config, outside)?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| super::failed(&format!("cannot start: {error}")))?;
    let answer = runtime.block_on(async {
        tokio::time::timeout(ANSWERED_WITHIN, exchange(&socket, method, path, body)).await
    });
    let shown = socket.display();
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(super::failed(&unanswered(&socket, &error))),
        Err(_) => Err(super::failed(&format!("the server at {shown} does not answer in time"))),
    }
}

/// Where the file says that its server listens. Everything else in it may be wrong.
pub(super) fn socket_of(config: &Path, outside: &Outside) -> Result<PathBuf, ExitCode> {
    let source = Source::read(config, outside.environment.as_ref())
        .map_err(|problems| super::refuse(config, &problems))?;
    let below = |node: &Node, key: &str| node.get(key).map(|entry| entry.value.clone());
    let admin = below(&source.root, "server").and_then(|server| below(&server, "admin"));
    let socket = admin.and_then(|admin| below(&admin, "socket"));
    socket.as_ref().and_then(Node::as_text).map(PathBuf::from).ok_or_else(|| {
        super::refuse_usage(&format!(
            "{}: there is no `server.admin.socket`, over which a running server is asked: write `admin: {{socket: PATH}}` below \
             `server`, which it takes up by itself within seconds",
            config.display()
        ))
    })
}

pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(super) fn unanswered(socket: &Path, error: &Failure) -> String {
    let socket = socket.display();
    match error.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::PermissionDenied) => {
            format!("{socket} is not yours to open: ask as the server's user, or as root")
        }
        _ => format!(
            "no server answers at {socket} ({error}): is it running, and with this `server.admin.socket`?"
        ),
    }
}

async fn exchange(
    socket: &Path,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<(StatusCode, Bytes), Failure> {
    let answer = send(socket, method, path, Full::new(body)).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await?;
    Ok((status, body.to_bytes()))
}

/// One request on a connection of its own; the answer's body is still to come.
pub(super) async fn send<B>(
    socket: &Path,
    method: Method,
    path: &str,
    body: B,
) -> Result<Response<Incoming>, Failure>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Failure>,
{
    let stream = UnixStream::connect(socket).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header("host", "dockgate").body(body)?;
    Ok(sender.send_request(request).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_of_somebody_else_is_told_from_one_without_a_server() {
        let said =
            |kind: io::ErrorKind| unanswered(Path::new("a.sock"), &Failure::from(io::Error::from(kind)));
        assert!(said(io::ErrorKind::PermissionDenied).contains("ask as the server's user"));
        for kind in [io::ErrorKind::NotFound, io::ErrorKind::ConnectionRefused] {
            assert!(said(kind).contains("no server answers at a.sock"), "{kind}");
        }
    }
}
