//! The socket that we listen on.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use dockgate_api::config::Problem;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::unix_socket::{self, BACKLOG, SocketFile};
use crate::config::server::{DoorAddress, Net, host_and_port};
use crate::http::ClientAddress;

/// A bound socket.
#[derive(Debug)]
pub enum Listener {
    /// An internet address.
    Tcp(TcpListener),
    /// A path; the socket file is removed at the end.
    Unix(UnixListener, SocketFile),
}

/// A connection of either kind.
#[derive(Debug)]
pub(super) enum Connection {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    /// Binds an address of the configuration.
    ///
    /// # Errors
    /// Why it cannot be bound, with the cure, at the line that is at fault.
    pub async fn bind(door: &DoorAddress) -> Result<Self, Problem> {
        match door.net {
            Net::Tcp => {
                let bound = bind_tcp(&door.addr).await;
                bound.map(Self::Tcp).map_err(|message| door.problem(message))
            }
            Net::Unix => unix_socket::bind(door).await.map(|(listener, file)| Self::Unix(listener, file)),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<(Connection, ClientAddress)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // A client that is gone already makes this fail, and says nothing of the next one.
                let _ = stream.set_nodelay(true);
                Ok((Connection::Tcp(stream), ClientAddress::of(peer.ip())))
            }
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Connection::Unix(stream), ClientAddress(None)))
            }
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(addr) => addr.fmt(f),
                Err(_) => f.write_str("a TCP socket"),
            },
            Self::Unix(_, file) => write!(f, "unix:{}", file.path().display()),
        }
    }
}

/// An empty host means every interface, of both families where the system has both; so does `[::]`, whatever the
/// system's default for IPv6 sockets is. `0.0.0.0` is IPv4 alone.
async fn bind_tcp(addr: &str) -> Result<TcpListener, String> {
    let (host, port) = host_and_port(addr)?;
    if host.is_empty() {
        return match listen(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))) {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                listen(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).map_err(|error| cure(addr, &error))
            }
            bound => bound.map_err(|error| cure(addr, &error)),
        };
    }
    let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address");
    for address in tokio::net::lookup_host((host, port)).await.map_err(|error| cure(addr, &error))? {
        match listen(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(cure(addr, &last))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

pub(super) fn cure(addr: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("{addr} is in use: stop whoever listens there, or choose another port")
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "no permission to listen on {addr}: choose a port from 1024 on, or a directory you may write to"
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no address {addr}: write one it has, or `:PORT` for all of them")
        }
        // A port has no directory: this is a socket's.
        io::ErrorKind::NotFound => {
            format!("the directory of {addr} is not there: make it, writable for the server's user")
        }
        _ => format!("cannot listen on {addr}: {error}"),
    }
}
