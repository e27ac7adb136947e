//! A port that stays a test's own, whether anybody listens on it or not.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A free port of 127.0.0.1. A socket that never listens holds it: connections are refused, and no other process is
/// given the port, while nobody listens. Whoever owns it aborts it when dropped.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) addr: SocketAddr,
    _held: TcpSocket,
    accepting: Mutex<Option<JoinHandle<()>>>,
}

impl Door {
    /// Nobody listens yet.
    pub(crate) fn free() -> Self {
        let held = must(bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))), "there is no free port");
        let addr = must(held.local_addr(), "a port has no number");
        Self { addr, _held: held, accepting: Mutex::default() }
    }

    /// Listens, unless somebody does already, and hands each connection on. Must be called on a runtime.
    pub(crate) fn open(&self, each: impl Fn(TcpStream) + Send + 'static) {
        let mut accepting = self.accepting();
        if accepting.is_some() {
            return;
        }
        let listener = self.listen();
        *accepting = Some(tokio::spawn(async move {
            loop {
                // What the client broke off before it was accepted is no reason to end.
                let Ok((stream, _)) = listener.accept().await else { continue };
                each(stream);
            }
        }));
    }

    /// Refuses new connections from when this returns, and keeps those that were accepted.
    pub(crate) async fn close(&self) {
        let accepting = self.accepting().take();
        if let Some(task) = accepting {
            task.abort();
            // Cancelled is what it should be.
            let _cancelled = task.await;
        }
    }

    /// The same, without waiting until it is done: for whoever is dropped.
    pub(crate) fn abort(&self) {
        if let Some(task) = self.accepting().take() {
            task.abort();
        }
    }

    fn listen(&self) -> TcpListener {
        must(bound(self.addr).and_then(|socket| socket.listen(BACKLOG)), "nobody can listen on the port")
    }

    fn accepting(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.accepting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Several sockets may have the port as long as one of them listens at most.
fn bound(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket)
}

fn must<T>(result: io::Result<T>, otherwise: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{otherwise}: {error}"),
    }
}
