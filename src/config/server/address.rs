//! An address to listen at, as it is written and as a door is opened from it.

use std::net::Ipv4Addr;
use std::path::{Component, Path};

use dockgate_api::config::{KeyPath, Located, Location, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

use super::socket::{SocketConfig, SocketOptions};
use crate::scope::is_unprintable;

/// What `sockaddr_un` has room for, without its closing NUL (`unix(7)`).
const LONGEST_SOCKET_PATH: usize = 107;

/// The kind of address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Net {
    /// An internet address.
    #[default]
    Tcp,
    /// A socket in the file system.
    Unix,
}

/// What a door is opened from: the first one, a further listener, that of the metrics and the admin's alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorAddress {
    /// The kind of address.
    pub net: Net,
    /// `HOST:PORT` or the path of a socket.
    pub addr: String,
    /// The socket file's mode and owner; with `Net::Unix` only.
    pub socket: SocketOptions,
    /// Where the address stands.
    pub location: Location,
    /// The key of the address, such as `server.listeners[0].addr`.
    pub path: KeyPath,
}

impl DoorAddress {
    /// A door that no configuration file names, with a socket file as the system makes it.
    pub fn new(net: Net, addr: impl Into<String>) -> Self {
        let socket = SocketOptions::default();
        Self { net, addr: addr.into(), socket, location: Location::unknown(), path: KeyPath::root() }
    }

    /// A mistake in the address.
    pub fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(self.location.clone(), self.path.clone(), message)
    }

    /// Whether a door that is open here does for another configuration's.
    pub fn does_for(&self, other: &Self) -> bool {
        let same_words = self.net == other.net && self.addr == other.addr && self.path == other.path;
        same_words || self.is_same(other)
    }

    /// Whether a socket that is open here listens as another configuration wants it: on the same interfaces, neither more
    /// nor fewer.
    pub fn listens_as(&self, other: &Self) -> bool {
        if self.net != other.net || self.addr == other.addr {
            return self.net == other.net;
        }
        let every = |host: &str| matches!(host, "" | "::");
        match (self.net, host_and_port(&self.addr), host_and_port(&other.addr)) {
            (Net::Tcp, Ok((host, port)), Ok((other, its_port))) => {
                port == its_port && (host == other || (every(host) && every(other)))
            }
            _ => self.is_same(other),
        }
    }

    /// Whether both cannot be open at a time. Port 0 is another one each time.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self.net, other.net) {
            (Net::Unix, Net::Unix) => plain(&self.addr).eq(plain(&other.addr)),
            (Net::Tcp, Net::Tcp) => match (host_and_port(&self.addr), host_and_port(&other.addr)) {
                (Ok((host, port)), Ok((other, its_port))) => {
                    port == its_port
                        && port != 0
                        && (host == other || covers(host, other) || covers(other, host))
                }
                _ => false,
            },
            _ => false,
        }
    }
}

/// Whether a host stands for every interface that the other may mean.
fn covers(host: &str, other: &str) -> bool {
    match host {
        "" | "::" => true,
        "0.0.0.0" => other.is_empty() || other.parse::<Ipv4Addr>().is_ok(),
        _ => false,
    }
}

/// The steps of a path without those that lead nowhere.
fn plain(path: &str) -> impl Iterator<Item = Component<'_>> {
    Path::new(path).components().filter(|step| *step != Component::CurDir)
}

/// `addr`, `net` and `socket`, wherever the three stand together.
pub(super) struct Written<'a> {
    pub(super) addr: &'a Located<String>,
    pub(super) net: Net,
    pub(super) socket: Option<&'a Located<SocketConfig>>,
}

impl Written<'_> {
    pub(super) fn door(&self, path: &KeyPath) -> DoorAddress {
        DoorAddress {
            net: self.net,
            addr: self.addr.value.clone(),
            socket: self.socket.map(|socket| socket.options(&path.key("socket"))).unwrap_or_default(),
            location: self.addr.location.clone(),
            path: path.key("addr"),
        }
    }

    pub(super) fn validate(&self, path: &KeyPath, problems: &mut Vec<Problem>, warnings: &mut Vec<Problem>) {
        let mut refuse = |message: String| {
            problems.push(Problem::new(self.addr.location.clone(), path.key("addr"), message));
        };
        match self.net {
            _ if self.addr.is_empty() => refuse("an address is needed, such as `:5001`".to_owned()),
            Net::Tcp => {
                if let Err(message) = host_and_port(self.addr) {
                    refuse(message);
                }
            }
            Net::Unix => {
                if let Err(message) = socket_path(self.addr) {
                    refuse(message);
                }
            }
        }
        if let (Net::Tcp, Some(socket)) = (self.net, self.socket)
            && socket.value != SocketConfig::default()
        {
            let message = "only a unix socket has a mode and an owner: write `net: unix` and a path in `addr`, or \
                           take `socket` away";
            problems.push(Problem::new(socket.location.clone(), path.key("socket"), message));
        } else if let Some(socket) = self.socket {
            warnings.extend(socket.given_without_a_mode(&path.key("socket")));
        }
    }
}

/// Whether a socket can have the path.
pub(super) fn socket_path(path: &str) -> Result<(), String> {
    if path.contains(is_unprintable) {
        return Err("a path holds no control characters: write it in one line".to_owned());
    }
    if !path.contains('/') && host_and_port(path).is_ok() {
        return Err(format!(
            "`{path}` is an address, and a unix socket has a path, such as `/run/dockgate/NAME.sock`: write one, or `./{path}` \
             for a file of that name"
        ));
    }
    if path.ends_with('/') {
        return Err("this names a directory: add the socket's own name".to_owned());
    }
    if path.len() > LONGEST_SOCKET_PATH {
        let length = path.len();
        return Err(format!(
            "the path of a socket has at most {LONGEST_SOCKET_PATH} bytes, this one {length}: choose a shorter one"
        ));
    }
    Ok(())
}

/// Host (empty for every interface) and port of a TCP address.
///
/// # Errors
/// What is wrong with the text.
pub fn host_and_port(addr: &str) -> Result<(&str, u16), String> {
    if addr.contains(is_unprintable) {
        return Err("an address holds no control characters: write it in one line".to_owned());
    }
    if addr.contains('/') {
        return Err(format!(
            "`{addr}` looks like a path: write `net: unix` beside it, or `:5001` or `HOST:5001`"
        ));
    }
    let Some((host, port)) = addr.rsplit_once(':') else {
        return Err(format!("`{addr}` has no port: write `:5001` or `HOST:5001`"));
    };
    let port = port.parse().map_err(|_| format!("`{port}` is no port: write a number from 0 to 65535"))?;
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if bracketed.is_none() && host.contains(':') {
        return Err(format!("an IPv6 address needs brackets: write `[{host}]:{port}`"));
    }
    Ok((bracketed.unwrap_or(host), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (addr, parts) in [
            (":5001", ("", 5001)),
            ("localhost:80", ("localhost", 80)),
            ("127.0.0.1:0", ("127.0.0.1", 0)),
            ("[::1]:443", ("::1", 443)),
        ] {
            assert_eq!(host_and_port(addr), Ok(parts));
        }
        for (addr, cure) in [
            ("5001", "write `:5001`"),
            ("host:http", "a number from 0"),
            (":99999", "a number from 0"),
            ("::1:443", "write `[::1]:443`"),
            ("/run/a.sock", "write `net: unix`"),
            ("http://a:80", "or `:5001`"),
            ("a\nb:80", "in one line"),
            ("a\0b:80", "in one line"),
        ] {
            assert!(host_and_port(addr).unwrap_err().contains(cure), "{addr}");
        }
    }

    #[test]
    fn a_socket_for_every_interface_does_for_no_single_one() {
        for (one, two, as_the_other) in [
            (":5001", ":5001", true),
            (":5001", "[::]:5001", true),
            ("127.0.0.1:0", "127.0.0.1:0", true),
            (":5001", "127.0.0.1:5001", false),
            ("127.0.0.1:5001", ":5001", false),
            ("0.0.0.0:5001", ":5001", false),
            ("0.0.0.0:5001", "127.0.0.1:5001", false),
        ] {
            let [open, wanted] = [one, two].map(|addr| DoorAddress::new(Net::Tcp, addr));
            assert_eq!(open.listens_as(&wanted), as_the_other, "{one} {two}");
        }
        let [one, same] = ["/run/a", "/run/./a"].map(|path| DoorAddress::new(Net::Unix, path));
        assert!(one.listens_as(&same));
    }

    #[test]
    fn doors_that_cannot_both_be_open() {
        for (one, two, same) in [
            ((Net::Tcp, ":5001"), (Net::Tcp, ":5001"), true),
            ((Net::Tcp, "[::1]:5001"), (Net::Tcp, "[::1]:5001"), true),
            ((Net::Tcp, ":5001"), (Net::Tcp, "[::]:5001"), true),
            ((Net::Tcp, "127.0.0.1:5001"), (Net::Tcp, ":5001"), true),
            ((Net::Tcp, "0.0.0.0:5001"), (Net::Tcp, "127.0.0.1:5001"), true),
            ((Net::Tcp, "0.0.0.0:5001"), (Net::Tcp, "[::1]:5001"), false),
            ((Net::Tcp, "127.0.0.2:5001"), (Net::Tcp, "127.0.0.1:5001"), false),
            ((Net::Tcp, ":0"), (Net::Tcp, ":0"), false),
            ((Net::Tcp, ":5001"), (Net::Tcp, ":5002"), false),
            ((Net::Unix, "/run/a"), (Net::Unix, "/run//./a"), true),
            ((Net::Unix, "a"), (Net::Unix, "./a"), true),
            ((Net::Unix, "/run/a"), (Net::Unix, "/run/b"), false),
            ((Net::Unix, ":5001"), (Net::Tcp, ":5001"), false),
        ] {
            let [one, two] = [one, two].map(|(net, addr)| DoorAddress::new(net, addr));
            assert_eq!(one.is_same(&two), same, "{one:?} {two:?}");
        }
    }
}
