//! Where the servers are, and how connections to them are protected.

use dockgate_api::config::Located;
use dockgate_api::{BuildContext, BuildError};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{at, given};
use crate::directory::{Order, Servers};
use crate::wire::{Endpoint, Security};

/// How connections are protected, as it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum TlsWord {
    /// By the port.
    #[default]
    #[serde(rename = "")]
    ByPort,
    None,
    Always,
    #[serde(rename = "starttls")]
    StartTls,
}

/// Plain and StartTLS.
const PORT: u16 = 389;
/// TLS from the first byte.
const TLS_PORT: u16 = 636;
/// The same, for the global catalogue of Active Directory.
const CATALOGUE_PORT: u16 = 3269;

/// The keys.
pub(super) struct ServerKeys {
    pub(super) addr: Option<Located<String>>,
    pub(super) addrs: Vec<Located<String>>,
    pub(super) srv: Option<Located<String>>,
    pub(super) order: Option<Located<Order>>,
    pub(super) tls: Option<Located<TlsWord>>,
}

/// What they come to.
pub(super) struct Found {
    pub(super) servers: Servers,
    pub(super) order: Order,
}

impl Found {
    /// Whether TLS is spoken to any of them.
    pub(super) fn is_protected(&self) -> bool {
        match &self.servers {
            Servers::Listed(endpoints) => {
                endpoints.iter().any(|endpoint| endpoint.security != Security::None)
            }
            Servers::Srv { security, .. } => *security != Security::None,
        }
    }
}

impl ServerKeys {
    pub(super) fn build(self, cx: &BuildContext, errors: &mut BuildError) -> Option<Found> {
        let word = self.tls.as_ref().map(|word| word.value).unwrap_or_default();
        let (addr, srv) = (given(self.addr), given(self.srv));
        let ways = [addr.is_some(), !self.addrs.is_empty(), srv.is_some()];
        if ways.iter().filter(|way| **way).count() > 1 {
            let place = srv.as_ref().or(self.addrs.first()).or(addr.as_ref())?;
            let name = if srv.is_some() { "srv" } else { "addrs" };
            errors.add(at(
                place,
                name,
                "keep one of `addr`, `addrs` and `srv`: each says where the directory is",
            ));
            return None;
        }
        if let (Some(order), true) = (&self.order, self.addrs.len() < 2) {
            errors.add(at(
                order,
                "order",
                "`order` is for several `addrs`: take it away, or name the others",
            ));
        }
        let order = self.order.map_or(Order::Listed, |order| order.value);
        let servers = if let Some(srv) = srv {
            Self::domain(srv, word, cx, errors)?
        } else {
            let name = if addr.is_some() { "addr" } else { "addrs" };
            let written: Vec<Located<String>> = addr.into_iter().chain(self.addrs).collect();
            if written.is_empty() {
                let message =
                    "say where the directory is: `addr: HOST:PORT`, `addrs: [HOST:PORT, …]` or `srv: DOMAIN`";
                errors.add(dockgate_api::config::Remark::on_section(message));
                return None;
            }
            Self::listed(&written, name, word, cx, errors)?
        };
        Some(Found { servers, order })
    }

    fn domain(
        srv: Located<String>,
        word: TlsWord,
        cx: &BuildContext,
        errors: &mut BuildError,
    ) -> Option<Servers> {
        let domain = srv.trim_end_matches('.');
        let is_name = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if domain.is_empty() || domain.starts_with('_') || !domain.split('.').all(is_name) {
            let message =
                "write the domain alone, as `srv: corp.example.com`: `_ldap._tcp.` is put before it";
            errors.add(at(&srv, "srv", message));
            return None;
        }
        let security = match word {
            TlsWord::ByPort | TlsWord::None => Security::None,
            TlsWord::Always => Security::Tls,
            TlsWord::StartTls => Security::StartTls,
        };
        if security == Security::None {
            cx.warn(at(&srv, "srv", IN_CLEAR));
        }
        Some(Servers::Srv { domain: domain.to_owned(), security })
    }

    fn listed(
        written: &[Located<String>],
        name: &str,
        word: TlsWord,
        cx: &BuildContext,
        errors: &mut BuildError,
    ) -> Option<Servers> {
        let mut endpoints = Vec::new();
        let mut all_read = true;
        for addr in written {
            match endpoint(addr, word) {
                Ok(endpoint) if endpoints.contains(&endpoint) => {
                    all_read = false;
                    errors.add(at(addr, name, format!("{endpoint} is there twice: keep one")));
                }
                Ok(endpoint) => {
                    if endpoint.security == Security::None && !is_here(&endpoint.host) {
                        cx.warn(at(addr, name, IN_CLEAR));
                    }
                    endpoints.push(endpoint);
                }
                Err(message) => {
                    all_read = false;
                    errors.add(at(addr, name, message));
                }
            }
        }
        all_read.then_some(Servers::Listed(endpoints))
    }
}

const IN_CLEAR: &str = "whoever is on the way reads the passwords, and can answer in the directory's place: write `tls: starttls` \
                        or `tls: always`";

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// Reads `HOST:PORT`, `[ADDRESS]:PORT`, and URLs without anything behind the port (RFC 4516).
fn endpoint(text: &str, word: TlsWord) -> Result<Endpoint, String> {
    let (scheme, authority) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest.strip_suffix('/').unwrap_or(rest)),
        None => (None, text),
    };
    let over_tls = match scheme.as_deref() {
        Some("ldaps") => Some(true),
        Some("ldap") => Some(false),
        Some(_) => {
            return Err(
                "the URL of a directory begins with `ldap://` or `ldaps://`: or write `HOST:PORT`".to_owned()
            );
        }
        None => None,
    };
    let (host, port) = host_and_port(authority)?;
    let security = match (over_tls, word) {
        (Some(true), TlsWord::None | TlsWord::StartTls) => {
            return Err("`ldaps://` and another `tls` say different things: keep one".to_owned());
        }
        (Some(false), TlsWord::Always) => {
            return Err("`ldap://` and `tls: always` say different things: write `ldaps://`".to_owned());
        }
        (Some(true), _) | (None, TlsWord::Always) => Security::Tls,
        (None, TlsWord::ByPort) if [Some(TLS_PORT), Some(CATALOGUE_PORT)].contains(&port) => Security::Tls,
        (_, TlsWord::StartTls) => Security::StartTls,
        (_, TlsWord::ByPort | TlsWord::None) => Security::None,
    };
    let port = port.unwrap_or(if security == Security::Tls { TLS_PORT } else { PORT });
    Ok(Endpoint { host, port, security })
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), String> {
    let wrong = || format!("`{authority}` is no address: write `HOST:PORT`, such as `ldap.example.com:636`");
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or_else(wrong)?;
        host.parse::<std::net::Ipv6Addr>().map_err(|_| wrong())?;
        (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or_else(wrong)?) })
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let is_host = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
    if host.is_empty() || !host.chars().all(is_host) {
        return Err(wrong());
    }
    let port = port.map(|port| port.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(wrong));
    Ok((host.to_owned(), port.transpose()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_words_make_endpoints() {
        let cases = [
            ("dc1.example.com:636", TlsWord::ByPort, Ok("ldaps://dc1.example.com:636")),
            ("dc1.example.com:389", TlsWord::ByPort, Ok("ldap://dc1.example.com:389")),
            ("dc1.example.com:3269", TlsWord::ByPort, Ok("ldaps://dc1.example.com:3269")),
            ("dc1.example.com:3268", TlsWord::Always, Ok("ldaps://dc1.example.com:3268")),
            ("dc1.example.com", TlsWord::Always, Ok("ldaps://dc1.example.com:636")),
            ("dc1.example.com", TlsWord::ByPort, Ok("ldap://dc1.example.com:389")),
            ("ldaps://dc1.example.com", TlsWord::ByPort, Ok("ldaps://dc1.example.com:636")),
            ("LDAPS://dc1.example.com/", TlsWord::ByPort, Ok("ldaps://dc1.example.com:636")),
            ("[2001:db8::1]:636", TlsWord::ByPort, Ok("ldaps://[2001:db8::1]:636")),
            ("dc1.example.com:636", TlsWord::None, Ok("ldap://dc1.example.com:636")),
            ("ldaps://dc1.example.com", TlsWord::StartTls, Err("say different things")),
            ("ldap://dc1.example.com", TlsWord::Always, Err("write `ldaps://`")),
            ("ldap://dc1.example.com/dc=example", TlsWord::ByPort, Err("is no address")),
            ("https://dc1.example.com", TlsWord::ByPort, Err("begins with `ldap://`")),
            ("dc1.example.com:0", TlsWord::ByPort, Err("is no address")),
            ("dc1.example.com:70000", TlsWord::ByPort, Err("is no address")),
            (":636", TlsWord::ByPort, Err("is no address")),
            ("[dc1]:636", TlsWord::ByPort, Err("is no address")),
            ("alice@dc1:636", TlsWord::ByPort, Err("is no address")),
            ("2001:db8::1", TlsWord::ByPort, Err("is no address")),
        ];
        for (text, word, expected) in cases {
            match (endpoint(text, word), expected) {
                (Ok(endpoint), Ok(expected)) => assert_eq!(endpoint.to_string(), expected),
                (Err(message), Err(part)) => assert!(message.contains(part), "{text}: {message}"),
                (got, expected) => panic!("{text}: {got:?}, not {expected:?}"),
            }
        }
        let starttls = endpoint("ldap://dc1.example.com", TlsWord::StartTls).unwrap();
        assert_eq!((starttls.port, starttls.security), (389, Security::StartTls));
    }
}
