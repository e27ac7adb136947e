//! A server on a socket, in this process, with a runtime of its own.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;

use axum::http::Request;
use axum::response::Response;
use dockgate::http::{ErrorAnswer, Peer, Routes};
use dockgate::live::Live;
use dockgate::metrics::Connections;
use dockgate::net::{self, Answers, Listener, Serving, Slots, Terms};
use dockgate_testkit::fakes::TurnableClock;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::panics;
use super::raw::{PATIENCE, RawClient};
use super::setup::{Made, Setup};

/// A server on a socket. Dropping it ends it, whatever it is doing; one that panicked fails its test then.
pub(crate) struct Listening {
    stop: Option<oneshot::Sender<()>>,
    ended: mpsc::Receiver<()>,
    place: Place,
    threads: String,
    runtime: Option<Runtime>,
    _clock: Arc<TurnableClock>,
    _directory: TempDir,
}

#[derive(Clone, Debug)]
enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// One configuration, as long as it lives.
#[derive(Clone)]
struct Behind(Routes);

impl Answers for Behind {
    async fn answer(&self, peer: Peer, request: Request<dockgate::net::RequestBody>) -> Response {
        self.0.answer(peer, request).await
    }

    fn refuse(&self, peer: Peer, answer: ErrorAnswer) -> Response {
        self.0.refuse(peer, answer)
    }
}

impl Listening {
    /// Binds and serves.
    pub(crate) fn start(setup: Setup) -> Self {
        let threads = panics::watched_threads();
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).thread_name(&threads).enable_all().build().unwrap();
        let Made { loaded, clock, directory, .. } = {
            let _entered = runtime.enter();
            setup.make()
        };
        let state = Arc::new(loaded.state);
        let server = state.server();
        let listener = runtime.block_on(Listener::bind(&server.first_door())).unwrap();
        let place = match &listener {
            Listener::Tcp(listener) => Place::Tcp(listener.local_addr().unwrap()),
            Listener::Unix(..) => Place::Unix(PathBuf::from(server.addr.as_str())),
        };
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = mpsc::channel();
        let limits = Arc::clone(state.limits());
        let slots = Slots::new(limits.connections);
        let tls = state.doors()[0].tls.as_ref().map(|tls| Arc::clone(&tls.config));
        let proxies = state.doors()[0].proxies.clone();
        let meter = Connections::new(state.metrics().as_ref());
        let terms = Arc::new(Live::new(Terms { tls, proxies, limits }));
        let serving = Serving { listener, terms, slots, meter };
        let answers = Behind(Routes::new(state));
        runtime.spawn(async move {
            let stop = async {
                let _ = stopped.await;
            };
            net::serve(serving, answers, stop).await;
            let _ = end.send(());
        });
        Self {
            stop: Some(stop),
            ended,
            place,
            threads,
            runtime: Some(runtime),
            _clock: clock,
            _directory: directory,
        }
    }

    /// A new connection.
    pub(crate) fn connect(&self) -> RawClient {
        self.try_connect().unwrap()
    }

    /// A new connection, if there is anybody to connect to.
    pub(crate) fn try_connect(&self) -> io::Result<RawClient> {
        Ok(match &self.place {
            Place::Tcp(_) => RawClient::over(self.tcp()?),
            Place::Unix(path) => RawClient::over(UnixStream::connect(path)?),
        })
    }

    /// A new connection without a client on it.
    pub(crate) fn tcp(&self) -> io::Result<TcpStream> {
        let Place::Tcp(addr) = self.place else { panic!("no TCP address: {:?}", self.place) };
        TcpStream::connect_timeout(&addr, PATIENCE)
    }

    /// A connection over IPv4 to a server that listens on every interface.
    pub(crate) fn connect_v4(&self) -> RawClient {
        let Place::Tcp(addr) = self.place else { panic!("no TCP address: {:?}", self.place) };
        RawClient::over(TcpStream::connect((Ipv4Addr::LOCALHOST, addr.port())).unwrap())
    }

    /// The same over IPv6.
    pub(crate) fn connect_v6(&self) -> RawClient {
        let Place::Tcp(addr) = self.place else { panic!("no TCP address: {:?}", self.place) };
        RawClient::over(TcpStream::connect((Ipv6Addr::LOCALHOST, addr.port())).unwrap())
    }

    /// Says that it shall stop.
    pub(crate) fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    /// Whether it has stopped.
    pub(crate) fn has_stopped(&self) -> bool {
        self.ended.try_recv().is_ok()
    }

    /// Waits until it has stopped.
    pub(crate) fn wait_until_stopped(&self) {
        self.ended.recv_timeout(PATIENCE).expect("the server does not stop");
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        // A connection that ends in a panic looks to its client like any other that is closed.
        if !std::thread::panicking() {
            assert!(!panics::happened_on(&self.threads), "the server panicked");
        }
    }
}
