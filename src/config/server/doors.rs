//! All the doors: the first one, `listeners`, `metrics`, `admin`.

use std::path::PathBuf;

use dockgate_api::config::{KeyPath, Located, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

use super::ServerConfig;
use super::address::{DoorAddress, Net, Written, socket_path};
use super::client_certificates::{self, ClientCertificatesConfig, DoorClients};
use super::proxy_protocol::{self, ProxyProtocolConfig, ProxySenders};
use super::socket::{SocketConfig, SocketOptions};

/// One of `listeners`: a further door, served as the first one is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ListenerConfig {
    /// As `server.addr`.
    pub addr: Located<String>,
    /// `tcp` (the default) or `unix`.
    #[serde(default)]
    pub net: Net,
    /// The socket file's mode and owner, with `net: unix`.
    pub socket: Option<Located<SocketConfig>>,
    /// Whether TLS is spoken; if there is a certificate, its own or the server's, unless said otherwise.
    pub tls: Option<Located<bool>>,
    /// Its own certificate chain (PEM), in place of the server's.
    pub certificate: Option<Located<PathBuf>>,
    /// Its own private key (PEM).
    pub key: Option<Located<PathBuf>>,
    /// Its own certificates of clients, in place of the server's.
    pub client_certificates: Option<Located<ClientCertificatesConfig>>,
    /// Whose connections to this door begin with a PROXY header. Nobody's if not given, whatever the first door says.
    pub proxy_protocol: Option<Located<ProxyProtocolConfig>>,
}

/// `server.metrics`: the door of those who watch the server. Never open to clients.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct MetricsConfig {
    /// As `server.addr`.
    pub addr: Located<String>,
    /// `tcp` (the default) or `unix`.
    #[serde(default)]
    pub net: Net,
    /// The socket file's mode and owner, with `net: unix`.
    pub socket: Option<Located<SocketConfig>>,
}

/// `server.admin`: the door of those who run the server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct AdminConfig {
    /// The path of a unix socket, which nobody but the server's own user can open.
    pub socket: Located<String>,
}

/// A door for clients.
#[derive(Clone, Debug)]
pub struct PublicDoor<'a> {
    /// Where it is.
    pub address: DoorAddress,
    /// What it proves itself with; without it plain HTTP is spoken.
    pub tls: Option<DoorTls<'a>>,
    /// Whose certificates clients are asked for.
    pub clients: Option<DoorClients<'a>>,
    /// Whose connections begin with a PROXY header.
    pub proxies: Option<ProxySenders>,
}

/// What a door proves itself with.
#[derive(Clone, Debug)]
pub enum DoorTls<'a> {
    /// A certificate that somebody brings.
    Files(DoorCertificate<'a>),
    /// The one that an authority issues to the server: see [`ServerConfig::wanted_certificate`].
    Issued,
}

impl PublicDoor<'_> {
    /// Whether it shows the certificate that an authority issues to the server.
    pub fn is_certified_by_an_authority(&self) -> bool {
        matches!(self.tls, Some(DoorTls::Issued))
    }
}

/// The files of a door's certificate.
#[derive(Clone, Debug)]
pub struct DoorCertificate<'a> {
    /// The chain (PEM).
    pub certificate: &'a Located<PathBuf>,
    /// The private key (PEM).
    pub key: &'a Located<PathBuf>,
    /// The key path above the two: `server` or `server.listeners[0]`.
    pub path: KeyPath,
}

impl ServerConfig {
    /// Where clients come in, in the order of the file: the first door, then `listeners`.
    pub fn public_doors(&self) -> Vec<PublicDoor<'_>> {
        let path = KeyPath::root().key("server");
        let clients = self.client_certificates.as_ref();
        let own = pair(self.certificate.as_ref(), self.key.as_ref(), &path);
        let own = own.or_else(|| self.asks_an_authority().then_some(DoorTls::Issued));
        let first = PublicDoor {
            address: self.written().door(&path),
            clients: own.as_ref().and_then(|_| clients?.value.clients(&path)),
            tls: own.clone(),
            proxies: self.proxy_protocol.as_ref().map(|given| given.senders(self.net)),
        };
        let server = path.clone();
        let further = self.listeners.iter().enumerate().map(|(index, listener)| {
            let path = path.key("listeners").item(listener.index.unwrap_or(index));
            let tls = match &listener.tls {
                Some(Located { value: false, .. }) => None,
                _ => {
                    pair(listener.certificate.as_ref(), listener.key.as_ref(), &path).or_else(|| own.clone())
                }
            };
            let its = listener.client_certificates.as_ref().map(|clients| (clients, &path));
            let given = its.or(clients.map(|clients| (clients, &server)));
            let clients = tls.as_ref().and(given).and_then(|(given, path)| given.value.clients(path));
            let proxies = listener.proxy_protocol.as_ref().map(|given| given.senders(listener.net));
            PublicDoor { address: listener.written().door(&path), tls, clients, proxies }
        });
        std::iter::once(first).chain(further).collect()
    }

    /// The door that `addr` names.
    pub fn first_door(&self) -> DoorAddress {
        self.written().door(&KeyPath::root().key("server"))
    }

    /// Where the metrics are, if anywhere.
    pub fn metrics_door(&self) -> Option<DoorAddress> {
        let path = KeyPath::root().key("server").key("metrics");
        self.metrics.as_ref().map(|metrics| metrics.written().door(&path))
    }

    /// Where the admin's commands come in, if anywhere. Nobody but our own user can open it.
    pub fn admin_door(&self) -> Option<DoorAddress> {
        let admin = self.admin.as_ref()?;
        Some(DoorAddress {
            net: Net::Unix,
            addr: admin.socket.value.clone(),
            socket: SocketOptions::PRIVATE,
            location: admin.socket.location.clone(),
            path: KeyPath::root().key("server").key("admin").key("socket"),
        })
    }

    pub(super) fn written(&self) -> Written<'_> {
        Written { addr: &self.addr, net: self.net, socket: self.socket.as_ref() }
    }

    pub(super) fn validate_doors(
        &self,
        path: &KeyPath,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) {
        self.written().validate(path, problems, warnings);
        both_or_neither(self.certificate.as_ref(), self.key.as_ref(), path, problems);
        self.validate_proxy_protocol(self.proxy_protocol.as_ref(), self.net, path, problems);
        let has_own = self.certificate.is_some() && self.key.is_some();
        if let Some(given) = &self.client_certificates {
            client_certificates::validate(given, has_own, &path.key("client_certificates"), problems);
        }
        for (index, listener) in self.listeners.iter().enumerate() {
            let path = path.key("listeners").item(listener.index.unwrap_or(index));
            self.validate_proxy_protocol(listener.proxy_protocol.as_ref(), listener.net, &path, problems);
            if let Some(given) = &listener.client_certificates {
                let certified = has_own || (listener.certificate.is_some() && listener.key.is_some());
                let speaks_tls = certified && listener.tls.as_ref().is_none_or(|tls| tls.value);
                client_certificates::validate(given, speaks_tls, &path.key("client_certificates"), problems);
            }
            listener.written().validate(&path, problems, warnings);
            both_or_neither(listener.certificate.as_ref(), listener.key.as_ref(), &path, problems);
            self.validate_tls_of(listener, &path, problems);
        }
        if let Some(metrics) = &self.metrics {
            metrics.written().validate(&path.key("metrics"), problems, warnings);
        }
        if let Some(admin) = &self.admin {
            let message = if admin.socket.is_empty() {
                Err("the path of a socket is needed, such as `/run/dockgate/admin.sock`".to_owned())
            } else {
                socket_path(&admin.socket)
            };
            if let Err(message) = message {
                let path = path.key("admin").key("socket");
                problems.push(Problem::new(admin.socket.location.clone(), path, message));
            }
        }
        self.refuse_two_at_one_place(problems);
    }

    fn validate_tls_of(&self, listener: &ListenerConfig, path: &KeyPath, problems: &mut Vec<Problem>) {
        let Some(tls) = &listener.tls else { return };
        let has_own = listener.certificate.is_some() || listener.key.is_some();
        let all_have_one = self.certificate.is_some() || self.key.is_some() || self.asks_an_authority();
        let message = match (tls.value, has_own, all_have_one) {
            (true, false, false) => {
                "there is no certificate: write `certificate` and `key` here, or in `server` for all doors"
            }
            (false, true, _) => "there is a certificate of its own here: take it away, or this key",
            _ => return,
        };
        problems.push(Problem::new(tls.location.clone(), path.key("tls"), message));
    }

    /// `path` is the door's.
    fn validate_proxy_protocol(
        &self,
        given: Option<&Located<ProxyProtocolConfig>>,
        net: Net,
        path: &KeyPath,
        problems: &mut Vec<Problem>,
    ) {
        let Some(given) = given else { return };
        let path = path.key("proxy_protocol");
        proxy_protocol::validate(given, net, &path, problems);
        if self.real_ip_header.is_some() && self.trusted_proxies.is_empty() {
            let message = "beside it `real_ip_header` needs `trusted_proxies`: without the list a client in a private network \
                           could write the header itself. List the proxies before this one, or take `real_ip_header` away";
            problems.push(Problem::new(given.location.clone(), path, message));
        }
    }

    fn refuse_two_at_one_place(&self, problems: &mut Vec<Problem>) {
        let doors: Vec<DoorAddress> = self
            .public_doors()
            .into_iter()
            .map(|door| door.address)
            .chain(self.metrics_door())
            .chain(self.admin_door())
            .collect();
        let mut rest = doors.as_slice();
        let mut found = Vec::new();
        while let Some((door, before)) = rest.split_last() {
            if let Some(first) = before.iter().find(|other| other.is_same(door)) {
                let (key, line) = (&first.path, first.location.line);
                found.push(door.problem(format!(
                    "`{key}` in line {line} has this address already: each door needs one of its own"
                )));
            }
            rest = before;
        }
        problems.extend(found.into_iter().rev());
    }
}

impl ListenerConfig {
    fn written(&self) -> Written<'_> {
        Written { addr: &self.addr, net: self.net, socket: self.socket.as_ref() }
    }
}

impl MetricsConfig {
    fn written(&self) -> Written<'_> {
        Written { addr: &self.addr, net: self.net, socket: self.socket.as_ref() }
    }
}

fn pair<'a>(
    certificate: Option<&'a Located<PathBuf>>,
    key: Option<&'a Located<PathBuf>>,
    path: &KeyPath,
) -> Option<DoorTls<'a>> {
    let (certificate, key) = certificate.zip(key)?;
    Some(DoorTls::Files(DoorCertificate { certificate, key, path: path.clone() }))
}

fn both_or_neither(
    certificate: Option<&Located<PathBuf>>,
    key: Option<&Located<PathBuf>>,
    path: &KeyPath,
    problems: &mut Vec<Problem>,
) {
    let (given, name, other) = match (certificate, key) {
        (Some(given), None) => (given, "certificate", "key"),
        (None, Some(given)) => (given, "key", "certificate"),
        _ => return,
    };
    let message = format!("needs `{other}` beside it");
    problems.push(Problem::new(given.location.clone(), path.key(name), message));
}
