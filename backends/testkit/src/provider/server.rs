//! The server that every provider is: connections, moods, and what was asked.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::mood::Moods;
use super::{Asked, Mood, Reply, lock};
use crate::door::Door;

/// What answers: everything but the network.
pub(super) trait Site: Send + Sync + 'static {
    fn answer(&self, asked: &Asked) -> Reply;
}

/// A provider's server, until it is dropped. It has a thread of its own: tests with and without a runtime can ask it.
pub struct Server {
    addr: SocketAddr,
    door: Arc<Door>,
    runtime: Option<Runtime>,
    shared: Arc<Shared>,
}

struct Shared {
    site: Arc<dyn Site>,
    moods: Mutex<Moods>,
    asked: Mutex<Vec<Asked>>,
    closing: watch::Sender<u64>,
}

impl Server {
    /// Starts on a free port what is made of the origin, `http://127.0.0.1:PORT`.
    pub(super) fn start<S: Site>(make: impl FnOnce(&str) -> S) -> (Self, Arc<S>) {
        let runtime = must(Builder::new_multi_thread().worker_threads(1).enable_all().build());
        let door = {
            let _entered = runtime.enter();
            Door::free()
        };
        let site = Arc::new(make(&format!("http://{}", door.addr)));
        let shared = Shared {
            site: Arc::clone(&site) as _,
            moods: Mutex::default(),
            asked: Mutex::default(),
            closing: watch::Sender::new(0),
        };
        let server =
            Self { addr: door.addr, door: Arc::new(door), runtime: Some(runtime), shared: Arc::new(shared) };
        server.come_back();
        (server, site)
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Asks without a network, as somebody's browser or the client would; moods do not count, and nothing is recorded.
    pub fn visit(&self, asked: &Asked) -> Reply {
        self.shared.site.answer(asked)
    }

    // What was asked.

    /// The requests so far, in the order in which they came.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    /// How many requests there were whose path begins so.
    pub fn count(&self, prefix: &str) -> usize {
        lock(&self.shared.asked).iter().filter(|asked| asked.path.starts_with(prefix)).count()
    }

    /// Forgets what was asked so far.
    pub fn forget(&self) {
        lock(&self.shared.asked).clear();
    }

    // Trouble.

    /// How everything is answered from now on, unless a part of it has a mood of its own.
    pub fn mood(&self, mood: Mood) {
        self.mood_of("", mood);
    }

    /// How paths that begin so are answered from now on; the longest such prefix counts.
    pub fn mood_of(&self, prefix: &str, mood: Mood) {
        lock(&self.shared.moods).set(prefix, mood);
    }

    /// Refuses new connections from when this returns, and closes the present ones.
    pub fn go_down(&self) {
        let Some(runtime) = &self.runtime else { return };
        let (door, (done, closed)) = (Arc::clone(&self.door), mpsc::channel());
        runtime.spawn(async move {
            door.close().await;
            let _gone = done.send(());
        });
        let _gone = closed.recv();
        self.shared.closing.send_modify(|times| *times += 1);
    }

    /// Listens again, on the same port, which nobody else could take.
    pub fn come_back(&self) {
        let Some(runtime) = &self.runtime else { return };
        let _entered = runtime.enter();
        let shared = Arc::clone(&self.shared);
        self.door.open(move |stream| {
            tokio::spawn(serve(stream, Arc::clone(&shared)));
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.door.abort();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.addr)
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut closing = shared.closing.subscribe();
    let service = service_fn(|request| answer(request, Arc::clone(&shared)));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A client that went away is no failure of the provider.
        _ended = connection => {}
        _told = closing.changed() => {}
    }
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> io::Result<Response<Full<Bytes>>> {
    let asked = read(request).await?;
    lock(&shared.asked).push(asked.clone());
    let mood = lock(&shared.moods).of(&asked.path);
    let reply = match mood {
        Mood::Well => shared.site.answer(&asked),
        Mood::Late(by) => {
            tokio::time::sleep(by).await;
            shared.site.answer(&asked)
        }
        Mood::Silent => {
            let silence: Infallible = std::future::pending().await;
            match silence {}
        }
        Mood::HangUp => return Err(io::ErrorKind::ConnectionAborted.into()),
        Mood::Says(reply) => reply,
    };
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    response.body(Full::from(reply.body)).map_err(io::Error::other)
}

async fn read(request: Request<Incoming>) -> io::Result<Asked> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut asked = Asked::new(head.method.as_str(), target);
    for (name, value) in &head.headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        asked.headers.push((name.as_str().to_owned(), value));
    }
    asked.body = body.collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
    Ok(asked)
}

fn must(runtime: io::Result<Runtime>) -> Runtime {
    match runtime {
        Ok(runtime) => runtime,
        Err(error) => panic!("there is no thread for a provider: {error}"),
    }
}
