//! `server:` — where and how we listen.

mod acme;
mod address;
mod client_certificates;
mod cors;
mod doors;
mod limits;
mod proxies;
mod proxy_protocol;
mod socket;
mod tls_options;

use std::path::PathBuf;
use std::time::Duration;

use dockgate_api::config::{GoDuration, KeyPath, Located, Problem};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

pub use acme::{AcmeConfig, ExternalAccount, LETS_ENCRYPT, LetsEncryptConfig, WantedCertificate};
pub use address::{DoorAddress, Net, host_and_port};
pub use client_certificates::{ClientCertificateMode, ClientCertificatesConfig, DoorClients};
pub use cors::CorsConfig;
pub use doors::{AdminConfig, DoorCertificate, DoorTls, ListenerConfig, MetricsConfig, PublicDoor};
pub use limits::Limits;
pub(super) use limits::positive;
pub use proxies::TrustedNetwork;
pub(super) use proxies::refuse_everybody;
pub use proxy_protocol::{ProxyProtocolConfig, ProxySenders};
pub use socket::{Mode, Named, SocketConfig, SocketOptions};
pub use tls_options::TlsOptions;

/// The `server` section as written.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ServerConfig {
    /// `:5001`, `HOST:PORT`, `[IPV6]:PORT`, or the path of a socket with `net: unix`.
    pub addr: Located<String>,
    /// `tcp` (the default) or `unix`.
    #[serde(default)]
    pub net: Net,
    /// The socket file's mode and owner, with `net: unix`.
    pub socket: Option<Located<SocketConfig>>,
    /// Whose certificates clients are asked for over TLS. Nobody's if not given.
    pub client_certificates: Option<Located<ClientCertificatesConfig>>,
    /// Whose connections to this door begin with a PROXY header. Nobody's if not given.
    pub proxy_protocol: Option<Located<ProxyProtocolConfig>>,
    /// Further doors.
    #[serde(default)]
    pub listeners: Vec<Located<ListenerConfig>>,
    /// Where the metrics are. Nowhere if not given.
    pub metrics: Option<MetricsConfig>,
    /// Where the admin's commands come in. Nowhere if not given.
    pub admin: Option<AdminConfig>,
    /// Stands before every path, such as `/registry-auth`; empty for none.
    pub path_prefix: Option<Located<String>>,
    /// The TLS certificate chain (PEM). With `key`: HTTPS; without both: plain HTTP.
    pub certificate: Option<Located<PathBuf>>,
    /// The TLS private key (PEM).
    pub key: Option<Located<PathBuf>>,
    /// docker_auth's way to a certificate of Let's Encrypt, in place of `certificate` and `key`.
    pub letsencrypt: Option<Located<LetsEncryptConfig>>,
    /// A certificate that an authority issues to the server itself, in place of `certificate` and `key`.
    pub acme: Option<Located<AcmeConfig>>,
    /// The oldest version of TLS that is spoken: `TLS12` (the default), `TLS13`, or their numbers.
    pub tls_min_version: Option<Located<String>>,
    /// Curves by name or number, the preferred one first. The library's own if not given.
    #[serde(default)]
    pub tls_curve_preferences: Vec<Located<String>>,
    /// Cipher suites of TLS 1.2 by their IANA names or numbers, the preferred one first. The library's own if not given.
    #[serde(default)]
    pub tls_cipher_suites: Vec<Located<String>>,
    /// The header in which proxies name the client's address, such as `X-Forwarded-For`.
    pub real_ip_header: Option<Located<String>>,
    /// Which entry of the header counts, without `trusted_proxies`. Only -1, the last one, is safe; others are read as it.
    pub real_ip_pos: Option<Located<i64>>,
    /// The proxies' addresses and networks. The client is the last entry of the header that is none of them.
    #[serde(default)]
    pub trusted_proxies: Vec<Located<TrustedNetwork>>,
    /// Whether browsers are told to come over HTTPS only (RFC 6797), in answers over TLS.
    pub hsts: Option<Located<bool>>,
    /// Which web pages may read our answers.
    #[serde(default)]
    pub cors: CorsConfig,
    /// After the signal to stop: how long requests are still taken, while `/readyz` already says no.
    #[serde(default = "none", deserialize_with = "short")]
    pub shutdown_delay: GoDuration,
    /// Bounds on what a client may take.
    #[serde(default)]
    pub limits: Limits,
}

/// Longer than this nobody's load balancer takes to notice.
const LONGEST_SHUTDOWN_DELAY: Duration = Duration::from_mins(10);

fn none() -> GoDuration {
    GoDuration(Duration::ZERO)
}

fn short<'de, D: Deserializer<'de>>(deserializer: D) -> Result<GoDuration, D::Error> {
    let duration = GoDuration::deserialize(deserializer)?;
    if duration.0 <= LONGEST_SHUTDOWN_DELAY {
        Ok(duration)
    } else {
        Err(D::Error::custom("out of range: write a duration from `0s` to `10m`"))
    }
}

impl ServerConfig {
    /// What types alone cannot say.
    pub fn validate(&self, path: &KeyPath, problems: &mut Vec<Problem>, warnings: &mut Vec<Problem>) {
        self.validate_doors(path, problems, warnings);
        self.validate_acme(path, problems);
        if let Some(prefix) = &self.path_prefix
            && !prefix.is_empty()
            && !is_path(prefix)
        {
            let message = "must begin with `/` and hold only path segments, such as `/registry-auth`";
            problems.push(Problem::new(prefix.location.clone(), path.key("path_prefix"), message));
        }
        self.validate_proxies(path, problems, warnings);
        self.cors.validate(&path.key("cors"), problems);
        tls_options::Reader { server: self, path, problems, warnings }.read();
    }

    /// What the doors with TLS speak.
    pub fn tls_options(&self) -> TlsOptions {
        let (path, mut said, mut warned) = (KeyPath::root().key("server"), Vec::new(), Vec::new());
        tls_options::Reader { server: self, path: &path, problems: &mut said, warnings: &mut warned }.read()
    }

    /// Whether clients can come over a unix socket.
    pub fn has_unix_door(&self) -> bool {
        self.net == Net::Unix || self.listeners.iter().any(|listener| listener.net == Net::Unix)
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

#[cfg(test)]
mod tests {
    use super::*;

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
