//! `server:` — where and how we listen.

use std::path::PathBuf;
use std::time::Duration;

use dockgate_api::config::{GoDuration, KeyPath, Located, Problem};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Longer waits are slips of the pen.
const LONGEST: Duration = Duration::from_hours(24);

/// The `server` section as written.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ServerConfig {
    /// `:5001`, `HOST:PORT`, `[IPV6]:PORT`, or the path of a socket with `net: unix`.
    pub addr: Located<String>,
    /// `tcp` (the default) or `unix`.
    #[serde(default)]
    pub net: Net,
    /// Stands before every path, such as `/registry-auth`; empty for none.
    pub path_prefix: Option<Located<String>>,
    /// The TLS certificate chain (PEM). With `key`: HTTPS; without both: plain HTTP.
    pub certificate: Option<Located<PathBuf>>,
    /// The TLS private key (PEM).
    pub key: Option<Located<PathBuf>>,
    /// Bounds on what a client may take.
    #[serde(default)]
    pub limits: Limits,
}

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

/// `server.limits`: bounds on one request and on all connections together.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Limits {
    /// Scopes in one request; more is 400.
    #[serde(deserialize_with = "bounded::<1, 10_000, _>")]
    pub scopes: usize,
    /// Bytes of an account or service name; more is 400.
    #[serde(deserialize_with = "bounded::<16, 65_536, _>")]
    pub name: usize,
    /// Bytes of a password; more is 401.
    #[serde(deserialize_with = "bounded::<64, 1_048_576, _>")]
    pub secret: usize,
    /// Bytes of a request's body; more is 413.
    #[serde(deserialize_with = "bounded::<1_024, 16_777_216, _>")]
    pub body: usize,
    /// Bytes of a request's head (request line and headers), about; more is 431.
    #[serde(deserialize_with = "bounded::<8_192, 1_048_576, _>")]
    pub header: usize,
    /// Connections at a time; further ones wait to be accepted.
    #[serde(deserialize_with = "bounded::<1, 1_000_000, _>")]
    pub connections: usize,
    /// From a connection, or the end of an answer, to the next request's complete head.
    #[serde(deserialize_with = "positive")]
    pub header_timeout: GoDuration,
    /// From a request's head to the end of its body; more is 408.
    #[serde(deserialize_with = "positive")]
    pub body_timeout: GoDuration,
    /// From a request's head until its answer is decided; more is 503.
    #[serde(deserialize_with = "positive")]
    pub request_timeout: GoDuration,
    /// How long a client may take nothing of its answer.
    #[serde(deserialize_with = "positive")]
    pub write_timeout: GoDuration,
    /// How long a TLS handshake may take.
    #[serde(deserialize_with = "positive")]
    pub handshake_timeout: GoDuration,
    /// After a signal to stop: how long requests in flight may take.
    pub drain_timeout: GoDuration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            scopes: 100,
            name: 256,
            secret: 8 * 1024,
            body: 64 * 1024,
            header: 32 * 1024,
            connections: 10_000,
            header_timeout: seconds(30),
            body_timeout: seconds(10),
            request_timeout: seconds(30),
            write_timeout: seconds(30),
            handshake_timeout: seconds(10),
            drain_timeout: seconds(10),
        }
    }
}

fn seconds(number: u64) -> GoDuration {
    GoDuration(Duration::from_secs(number))
}

fn bounded<'de, const LEAST: usize, const MOST: usize, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<usize, D::Error> {
    let number = usize::deserialize(deserializer)?;
    if (LEAST..=MOST).contains(&number) {
        Ok(number)
    } else {
        Err(D::Error::custom(format!("{number} is out of range: write a number from {LEAST} to {MOST}")))
    }
}

/// A wait that ends at once, or never, is none.
pub(super) fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<GoDuration, D::Error> {
    let duration = GoDuration::deserialize(deserializer)?;
    if (Duration::from_millis(1)..=LONGEST).contains(&duration.0) {
        Ok(duration)
    } else {
        Err(D::Error::custom("out of range: write a duration from `1ms` to `24h`"))
    }
}

impl ServerConfig {
    /// What types alone cannot say.
    pub fn validate(&self, path: &KeyPath, problems: &mut Vec<Problem>) {
        let mut refuse = |location: &_, key: &str, message: String| {
            problems.push(Problem::new(Clone::clone(location), path.key(key), message));
        };
        if self.addr.is_empty() {
            refuse(&self.addr.location, "addr", "an address is needed, such as `:5001`".to_owned());
        } else if self.net == Net::Tcp
            && let Err(message) = host_and_port(&self.addr)
        {
            refuse(&self.addr.location, "addr", message);
        }
        if let Some(prefix) = &self.path_prefix
            && !prefix.is_empty()
            && !is_path(prefix)
        {
            let message = "must begin with `/` and hold only path segments, such as `/registry-auth`";
            refuse(&prefix.location, "path_prefix", message.to_owned());
        }
        match (&self.certificate, &self.key) {
            (Some(given), None) => refuse(&given.location, "certificate", "needs `key` beside it".to_owned()),
            (None, Some(given)) => refuse(&given.location, "key", "needs `certificate` beside it".to_owned()),
            _ => {}
        }
    }

    /// The path before every route: `""` or `/…` without a slash at its end.
    pub fn prefix(&self) -> &str {
        self.path_prefix.as_ref().map_or("", |prefix| prefix.trim_end_matches('/'))
    }
}

fn is_path(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
    text.starts_with('/') && text.chars().all(plain) && !text.contains("//") && !text.contains("/.")
}

/// Host (empty for every interface) and port of a TCP address.
///
/// # Errors
/// What is wrong with the text.
pub fn host_and_port(addr: &str) -> Result<(&str, u16), String> {
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
        ] {
            assert!(host_and_port(addr).unwrap_err().contains(cure), "{addr}");
        }
    }

    #[test]
    fn prefixes() {
        for good in ["/", "/auth", "/a/b", "/a/", "/a-b_c~d.e"] {
            assert!(is_path(good), "{good}");
        }
        for bad in ["auth", "//a", "/a//b", "/../a", "/a b", "/a?b", "/{x}", "/ü"] {
            assert!(!is_path(bad), "{bad}");
        }
    }
}
