//! The socket that we listen on.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::config::server::{Net, host_and_port};
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

/// Removes its file when it goes, unless somebody else's stands there by then.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    inode: Option<(u64, u64)>,
}

impl SocketFile {
    fn new(path: PathBuf) -> Self {
        let inode = inode(&path);
        Self { path, inode }
    }
}

fn inode(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::symlink_metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.inode.is_some() && inode(&self.path) == self.inode {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Listener {
    /// Binds an address of the configuration.
    ///
    /// # Errors
    /// Why it cannot be bound, with the cure.
    pub async fn bind(net: Net, addr: &str) -> Result<Self, String> {
        match net {
            Net::Tcp => bind_tcp(addr).await.map(Self::Tcp),
            Net::Unix => {
                let path = PathBuf::from(addr);
                remove_stale(&path).await?;
                let listener = UnixListener::bind(&path).map_err(|error| cure(addr, &error))?;
                Ok(Self::Unix(listener, SocketFile::new(path)))
            }
        }
    }

    pub(super) async fn accept(&self) -> io::Result<(Connection, ClientAddress)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                stream.set_nodelay(true)?;
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
            Self::Unix(_, file) => write!(f, "unix:{}", file.path.display()),
        }
    }
}

/// An empty host means every interface, of both families where the system has both.
async fn bind_tcp(addr: &str) -> Result<TcpListener, String> {
    let (host, port) = host_and_port(addr)?;
    if !host.is_empty() {
        return TcpListener::bind((host, port)).await.map_err(|error| cure(addr, &error));
    }
    match TcpListener::bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))).await {
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            let ipv4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
            TcpListener::bind(ipv4).await.map_err(|error| cure(addr, &error))
        }
        bound => bound.map_err(|error| cure(addr, &error)),
    }
}

/// A socket file that nobody listens on is left over from a server that was killed.
async fn remove_stale(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::FileTypeExt;
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return Ok(()) };
    let path_text = path.display();
    if !metadata.file_type().is_socket() {
        return Err(format!("{path_text} is there and is no socket: remove it, or choose another path"));
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
        Ok(_) => {
            return Err(format!("somebody is listening on {path_text}: stop them, or choose another path"));
        }
        Err(error) => return Err(format!("{path_text} is somebody's socket ({error}): choose another path")),
    }
    std::fs::remove_file(path).map_err(|error| format!("cannot remove the old socket {path_text}: {error}"))
}

fn cure(addr: &str, error: &io::Error) -> String {
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
        _ => format!("cannot listen on {addr}: {error}"),
    }
}
