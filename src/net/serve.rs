//! Accepts connections and serves requests on them until told to stop.
//!
//! Everything that waits has a deadline: the TLS handshake, a request's head, the request as a whole, and the end. The
//! number of connections is bounded; those beyond it wait in the system's queue.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::listener::{Connection, Listener};
use crate::config::server::Limits;
use crate::http::{ClientAddress, Problem};

/// After an accept that failed for want of file descriptors: long enough for some to be freed.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(50);

/// What every connection is served with.
#[derive(Clone)]
struct Service {
    router: Router,
    limits: Arc<Limits>,
    tls: Option<TlsAcceptor>,
}

/// Serves until `stop` is ready, then lets requests in flight end, up to the drain timeout.
pub async fn serve(
    listener: Listener,
    router: Router,
    tls: Option<Arc<rustls::ServerConfig>>,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let drain = limits.drain_timeout.0;
    let service = Service { router, limits: Arc::new(limits), tls: tls.map(TlsAcceptor::from) };
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        match accepted {
            Ok((connection, client, slot)) => {
                let (service, watcher) = (service.clone(), graceful.watcher());
                tokio::spawn(async move {
                    service.connection(connection, client, watcher).await;
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
            }
        }
    }
    drop(listener);
    tracing::info!(connections = graceful.count(), "stopping: requests in flight may end");
    if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("stopped with requests still in flight: the drain timeout has passed");
    }
}

async fn accept(
    listener: &Listener,
    slots: &Arc<Semaphore>,
) -> std::io::Result<(Connection, ClientAddress, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(std::io::Error::other)?;
    let (connection, client) = listener.accept().await?;
    Ok((connection, client, slot))
}

impl Service {
    async fn connection(self, connection: Connection, client: ClientAddress, watcher: Watcher) {
        match (connection, self.tls.clone()) {
            (Connection::Tcp(stream), None) => self.requests(stream, client, watcher).await,
            (Connection::Unix(stream), None) => self.requests(stream, client, watcher).await,
            (Connection::Tcp(stream), Some(tls)) => self.handshake(&tls, stream, client, watcher).await,
            (Connection::Unix(stream), Some(tls)) => self.handshake(&tls, stream, client, watcher).await,
        }
    }

    async fn handshake<S>(self, tls: &TlsAcceptor, stream: S, client: ClientAddress, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match tokio::time::timeout(self.limits.handshake_timeout.0, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.requests(stream, client, watcher).await,
            Ok(Err(error)) => tracing::debug!(client = ?client.0, %error, "TLS handshake failed"),
            Err(_) => tracing::debug!(client = ?client.0, "TLS handshake took too long"),
        }
    }

    async fn requests<S>(self, stream: S, client: ClientAddress, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout.0)
            .max_buf_size(self.limits.header);
        let service = service_fn(move |request| {
            let service = self.clone();
            async move { Ok::<_, Infallible>(service.request(request, client).await) }
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(client = ?client.0, %error, "connection ended");
        }
    }

    async fn request(self, request: Request<Incoming>, client: ClientAddress) -> Response {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(client);
        let answer = tokio::time::timeout(self.limits.request_timeout.0, self.router.oneshot(request));
        match answer.await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => {
                tracing::warn!(client = ?client.0, "a request took longer than server.limits.request_timeout");
                Problem::unavailable(Duration::from_secs(5)).respond()
            }
        }
    }
}
