//! A port that stays a test's own, whether anybody listens on it or not.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A free port of 127.0.0.1. A socket that never listens holds it: connections are refused, and no other process is
/// given the port, while nobody listens.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) addr: SocketAddr,
    _held: TcpSocket,
}

impl Port {
    pub(crate) fn free() -> Self {
        let held = must(bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))), "there is no free port");
        Self { addr: must(held.local_addr(), "a port has no number"), _held: held }
    }

    /// Must be called on a runtime.
    pub(crate) fn listen(&self) -> TcpListener {
        must(bound(self.addr).and_then(|socket| socket.listen(BACKLOG)), "nobody can listen on the port")
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
