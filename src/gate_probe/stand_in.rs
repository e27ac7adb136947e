//! Stands where the proxy's registry should be, and sees what that would be told.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// One proxy asks for one thing at a time.
const MOST_CONNECTIONS: usize = 64;
const MOST_KEPT: usize = 256;

/// A registry for the time of a run. It has nothing, and asks nobody who they are.
pub(super) struct StandIn {
    pub(super) address: SocketAddr,
    seen: Seen,
    listening: JoinHandle<()>,
}

type Seen = Arc<Mutex<Vec<HeaderMap>>>;

impl StandIn {
    /// Listens from now on.
    ///
    /// # Errors
    /// If something else does.
    pub(super) async fn listen(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let seen = Seen::default();
        let listening = tokio::spawn(serve(listener, Arc::clone(&seen)));
        Ok(Self { address, seen, listening })
    }

    /// The heads of all requests that came since the last time.
    pub(super) fn take(&self) -> Vec<HeaderMap> {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn serve(listener: TcpListener, seen: Seen) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        if connections.len() >= MOST_CONNECTIONS {
            continue;
        }
        let seen = Arc::clone(&seen);
        connections.spawn(async move {
            let answer = service_fn(move |request: Request<Incoming>| {
                let answer = answer(&request, &seen);
                async move { Ok::<_, Infallible>(answer) }
            });
            // A proxy that goes away is no failure.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

fn answer(request: &Request<Incoming>, seen: &Seen) -> Response<Full<Bytes>> {
    let mut kept = seen.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() < MOST_KEPT {
        kept.push(request.headers().clone());
    }
    let mut response = Response::new(Full::new(Bytes::from_static(b"{}")));
    let headers = response.headers_mut();
    let json = axum::http::HeaderValue::from_static("application/json");
    headers.insert(axum::http::header::CONTENT_TYPE, json);
    let version = axum::http::HeaderValue::from_static("registry/2.0");
    headers.insert("docker-distribution-api-version", version);
    match request.method().as_str() {
        "POST" => {
            let location = format!("{}0", request.uri().path());
            if let Ok(location) = location.parse() {
                headers.insert(axum::http::header::LOCATION, location);
            }
            *response.status_mut() = StatusCode::ACCEPTED;
        }
        "DELETE" => *response.status_mut() = StatusCode::ACCEPTED,
        _ => {}
    }
    response
}
