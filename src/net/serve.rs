//! Accepts connections and serves requests on them until told to stop.
//!
//! Everything that waits has a deadline: the TLS handshake, a request's head, the request as a whole, a client that
//! does not read, and the end. The number of connections is bounded; those beyond it wait, at most one a door here and
//! the others in the system's queue, until one ends or is made to (`turns`).

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use dockgate_api::ClientCertificate;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::head;
use super::listener::{Connection, Listener};
use super::paced::Paced;
use super::proxy_protocol::{self, BadHeader};
use super::slots::{Slot, Slots};
use super::tls::ACME_TLS;
use super::turns::{RequestBody, Turn};
use crate::config::server::{Limits, ProxySenders};
use crate::http::{ClientAddress, ErrorAnswer, Peer};
use crate::live::Live;
use crate::logging::Seldom;
use crate::metrics::{Connections, Unanswered};

/// After an accept that failed for want of file descriptors: long enough for some to be freed.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(200);

/// While there is no room: how often it is looked whether somebody has to go.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// At the end: what a connection without a request gets to finish an answer that is on its way out.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// What is behind a door.
pub trait Answers: Clone + Send + Sync + 'static {
    /// Answers one request.
    fn answer(&self, peer: Peer, request: Request<RequestBody>) -> impl Future<Output = Response> + Send;

    /// Refuses one that is not looked at any further.
    fn refuse(&self, peer: Peer, answer: ErrorAnswer) -> Response;
}

/// How connections are served. A new one is taken by those that come after it.
#[derive(Clone)]
pub struct Terms {
    /// With TLS, if it speaks TLS.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Whose connections begin with a PROXY header.
    pub proxies: Option<Arc<ProxySenders>>,
    /// Bounds on what a client may take.
    pub limits: Arc<Limits>,
}

/// A bound socket, and how it is served.
pub struct Serving {
    /// The socket.
    pub listener: Listener,
    /// How connections are served.
    pub terms: Arc<Live<Terms>>,
    /// How many there may be.
    pub slots: Slots,
    /// Counts them.
    pub meter: Connections,
}

/// What one connection is served with.
#[derive(Clone)]
struct Service<A> {
    answers: A,
    limits: Arc<Limits>,
    proxies: Option<Arc<ProxySenders>>,
    over_tls: bool,
    meter: Connections,
    bad_headers: Arc<Seldom>,
    turn: Arc<Turn>,
    stopping: watch::Receiver<bool>,
}

/// Serves until `stop` is ready, then lets requests in flight end, up to the drain timeout. Answers whether all did.
pub async fn serve<A: Answers>(door: Serving, answers: A, stop: impl Future<Output = ()>) -> bool {
    let Serving { listener, terms, slots, meter } = door;
    let (tell, stopping) = watch::channel(false);
    let mut stop = pin!(stop);
    let bad_headers = Arc::new(Seldom::default());
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        match accepted {
            Ok((connection, client, slot)) => {
                let Terms { tls, proxies, limits } = Terms::clone(&terms.load());
                let service = Service {
                    answers: answers.clone(),
                    limits,
                    proxies,
                    over_tls: tls.is_some(),
                    meter: meter.clone(),
                    bad_headers: Arc::clone(&bad_headers),
                    turn: Arc::clone(slot.turn()),
                    stopping: stopping.clone(),
                };
                let open = meter.opened();
                tokio::spawn(async move {
                    service.until_over(connection, tls, client).await;
                    drop((open, slot));
                });
            }
            Err(error) => {
                meter.failed(Unanswered::NotAccepted);
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
            }
        }
    }
    drop((listener, stopping));
    // The receivers are gone only if there is no connection either.
    let _ = tell.send(true);
    let patience = terms.load().limits.drain_timeout.0;
    tokio::time::timeout(patience, tell.closed()).await.is_ok()
}

/// Ready when the server stops.
async fn told(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

async fn accept(listener: &Listener, slots: &Slots) -> std::io::Result<(Connection, ClientAddress, Slot)> {
    let (connection, client) = listener.accept().await?;
    // One that waits for room holds up its own door and keeps no room from others.
    loop {
        slots.make_room();
        if let Ok(slot) = tokio::time::timeout(LOOK_AGAIN, slots.one()).await {
            return Ok((connection, client, slot?));
        }
    }
}

impl<A: Answers> Service<A> {
    /// Until it ends by itself, or has to make room.
    async fn until_over(
        self,
        connection: Connection,
        tls: Option<Arc<rustls::ServerConfig>>,
        client: ClientAddress,
    ) {
        let (turn, meter) = (Arc::clone(&self.turn), self.meter.clone());
        tokio::select! {
            () = self.connection(connection, tls, client) => {}
            () = turn.over() => {
                meter.failed(Unanswered::CrowdedOut);
                tracing::debug!(client = ?client.0, "connection ended: it kept the server waiting, and others need its room");
            }
        }
    }

    async fn connection(
        self,
        connection: Connection,
        tls: Option<Arc<rustls::ServerConfig>>,
        client: ClientAddress,
    ) {
        match connection {
            Connection::Tcp(stream) => self.stream(stream, tls, client).await,
            Connection::Unix(stream) => self.stream(stream, tls, client).await,
        }
    }

    async fn stream<S>(mut self, mut stream: S, tls: Option<Arc<rustls::ServerConfig>>, peer: ClientAddress)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Some(client) = self.client(&mut stream, peer).await else { return };
        match tls.map(TlsAcceptor::from) {
            None => self.requests(stream, client, None).await,
            Some(tls) => self.handshake(&tls, stream, client).await,
        }
    }

    /// Whom a peer brings, if it is a proxy that says so; the peer itself otherwise. None if it does not say it.
    async fn client<S>(&mut self, stream: &mut S, peer: ClientAddress) -> Option<ClientAddress>
    where
        S: AsyncRead + Unpin,
    {
        if !self.proxies.as_ref().is_some_and(|senders| senders.include(peer)) {
            return Some(peer);
        }
        let header = proxy_protocol::client(stream, peer);
        let header = tokio::time::timeout(self.limits.handshake_timeout.0, header);
        let outcome = tokio::select! {
            outcome = header => outcome,
            () = told(&mut self.stopping) => return None,
        };
        let (why, error) = match outcome {
            Ok(Ok(client)) => return Some(client),
            Ok(Err(BadHeader::Nothing)) => {
                tracing::debug!(peer = ?peer.0, "a proxy connected and went away");
                return None;
            }
            Ok(Err(error)) => (Unanswered::ProxyHeader, error.to_string()),
            Err(_) => (Unanswered::ProxyHeaderTimeout, "the PROXY header took too long".to_owned()),
        };
        self.meter.failed(why);
        tracing::debug!(peer = ?peer.0, %error, "a proxy does not say whom it brings");
        if let Some(withheld) = self.bad_headers.may_say(Instant::now()) {
            tracing::warn!(
                peer = ?peer.0,
                %error,
                withheld,
                "a peer of proxy_protocol does not say whom it brings, and is turned away: let it send the PROXY header, or \
                 take it off the list"
            );
        }
        None
    }

    async fn handshake<S>(mut self, tls: &TlsAcceptor, stream: S, client: ClientAddress)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let handshake = tokio::time::timeout(self.limits.handshake_timeout.0, tls.accept(stream));
        let outcome = tokio::select! {
            outcome = handshake => outcome,
            () = told(&mut self.stopping) => return,
        };
        match outcome {
            // The authority has seen what it came for.
            Ok(Ok(mut stream)) if stream.get_ref().1.alpn_protocol() == Some(ACME_TLS) => {
                let goodbye = tokio::time::timeout(LAST_WORDS, stream.shutdown());
                // Who is gone already needs none.
                let _ = goodbye.await;
                tracing::debug!(client = ?client.0, "an authority looked at the proof of a host");
            }
            Ok(Ok(stream)) => {
                self.turn.client();
                let certificates = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                let certificate = certificates.map(|leaf| Arc::new(ClientCertificate::new(leaf.to_vec())));
                self.requests(stream, client, certificate).await;
            }
            Ok(Err(error)) => {
                self.meter.failed(Unanswered::Handshake);
                tracing::debug!(client = ?client.0, %error, "TLS handshake failed");
            }
            Err(_) => {
                self.meter.failed(Unanswered::HandshakeTimeout);
                tracing::debug!(client = ?client.0, "TLS handshake took too long");
            }
        }
    }

    async fn requests<S>(self, stream: S, client: ClientAddress, certificate: Option<Arc<ClientCertificate>>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout.0)
            .max_buf_size(self.limits.header);
        let stream = Paced::new(stream, self.limits.write_timeout.0);
        let mut stopping = self.stopping.clone();
        let peer = Peer { address: client, over_tls: self.over_tls, certificate };
        let service = Arc::new(self);
        let in_flight = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&in_flight);
        let answer = service_fn(move |request| {
            let service = Arc::clone(&service);
            let counted = Counted::one(&counted);
            let peer = peer.clone();
            async move {
                // On the heap while it lasts: a connection that is idle keeps room for its next request.
                let response = Box::pin(service.request(request, peer)).await;
                drop(counted);
                Ok::<_, Infallible>(response)
            }
        });
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), answer));
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = told(&mut stopping) => {
                connection.as_mut().graceful_shutdown();
                // A client that has not sent its request by now is not waited for.
                if in_flight.load(Ordering::Acquire) > 0 {
                    connection.await
                } else {
                    tokio::time::timeout(LAST_WORDS, connection).await.unwrap_or(Ok(()))
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(client = ?client.0, %error, "connection ended");
        }
    }

    async fn request(&self, request: Request<Incoming>, peer: Peer) -> Response {
        if let Some((answer, counts_as)) = head::refusal(&request, &self.limits) {
            if let Some(reason) = counts_as {
                self.meter.failed(reason);
            }
            return self.answers.refuse(peer, answer);
        }
        // If it said a length too, whoever stands in front may take its end for another request (RFC 9112, section 6.1).
        // The parser may have dropped that header: no connection goes on behind chunks.
        let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
        let request = request.map(|body| RequestBody::new(body, Arc::clone(&self.turn)));
        let mut response = self.answers.answer(peer, request).await;
        if chunked {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        self.turn.client();
        response
    }
}

/// Counts a request for as long as it is being answered, also if its client goes away.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn one(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
