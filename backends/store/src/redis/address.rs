//! Where a Redis listens.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;

const PORT: u16 = 6379;

/// Where a Redis listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Address {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

impl Address {
    /// Reads `HOST:PORT`, `[ADDRESS]:PORT` or the path of a socket. The text is not repeated: there may be a password in it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "this is no address: write `HOST:PORT`, such as `redis.example.com:6379`, or the path of a socket";
        if text.contains("://") || text.contains('@') {
            return Err(
                "this is a URL: write `addr: HOST:PORT`, and what else it says with `username`, `password_file`, `database` \
                 and `tls`",
            );
        }
        if text.starts_with('/') {
            return Ok(Self::Unix(PathBuf::from(text)));
        }
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or(WRONG)?;
            host.parse::<Ipv6Addr>().map_err(|_| WRONG)?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or(WRONG)?) })
        } else {
            text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)))
        };
        let is_host = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
        if host.is_empty() || !host.chars().all(is_host) {
            return Err(WRONG);
        }
        let port = port.map(|port| port.parse().ok().filter(|port| *port > 0).ok_or(WRONG)).transpose()?;
        Ok(Self::Tcp { host: host.to_owned(), port: port.unwrap_or(PORT) })
    }

    /// Reads what a member of a cluster says of another: the host is its own if it names none.
    pub(super) fn of_redirect(text: &str, from: &Self) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port > 0)?;
        let host = match (host, from) {
            ("" | "?", Self::Tcp { host, .. }) => host,
            ("" | "?", Self::Unix(_)) => return None,
            (host, _) => host,
        };
        Some(Self::Tcp { host: host.to_owned(), port })
    }

    /// Whether nobody else is on the way to it.
    pub(super) fn is_here(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Tcp { host, .. } => {
                host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let cases = [
            ("redis.example.com:6380", Ok("redis.example.com:6380")),
            ("redis.example.com", Ok("redis.example.com:6379")),
            ("[2001:db8::1]:6379", Ok("[2001:db8::1]:6379")),
            ("[2001:db8::1]", Ok("[2001:db8::1]:6379")),
            ("/run/redis/redis-server.sock", Ok("/run/redis/redis-server.sock")),
            ("redis://redis:6379", Err("URL")),
            ("rediss://dockgate:Secret1@redis:6379/2", Err("`password_file`")),
            ("dockgate:Secret1@redis:6379", Err("`password_file`")),
            ("redis:0", Err("no address")),
            ("redis:65536", Err("no address")),
            (":6379", Err("no address")),
            ("", Err("no address")),
            ("2001:db8::1", Err("no address")),
            ("redis one:6379", Err("no address")),
        ];
        for (text, expected) in cases {
            match (Address::parse(text), expected) {
                (Ok(address), Ok(shown)) => assert_eq!(address.to_string(), shown),
                (Err(message), Err(part)) => {
                    assert!(message.contains(part), "{text}: {message}");
                    assert!(!message.contains("Secret1"));
                }
                (got, expected) => panic!("{text}: {got:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn a_member_that_names_no_host_means_its_own() {
        let from = Address::parse("10.0.0.1:7000").unwrap();
        let shown = |text: &str| Address::of_redirect(text, &from).map(|address| address.to_string());
        assert_eq!(shown("10.0.0.2:7001").as_deref(), Some("10.0.0.2:7001"));
        assert_eq!(shown("2001:db8::1:7001").as_deref(), Some("[2001:db8::1]:7001"));
        assert_eq!(shown(":7001").as_deref(), Some("10.0.0.1:7001"));
        assert_eq!(shown("nonsense"), None);
    }
}
