//! Requests to a server in another process, each on a connection of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;

const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// Where a server listens.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Address {
    /// What the first line `listening` names, in either format of the log.
    pub(super) fn of_log(log: &str) -> Option<Self> {
        Self::all_of_log(log).into_iter().next()
    }

    /// What every such line names that speaks of a door for clients.
    pub(super) fn all_of_log(log: &str) -> Vec<Self> {
        let whole = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        whole
            .filter(|line| line.contains("listening") && line.contains("scheme"))
            .filter_map(Self::of_line)
            .collect()
    }

    fn of_line(line: &str) -> Option<Self> {
        let (_, after) = line.split_once("address=").or_else(|| line.split_once("\"address\":\""))?;
        let address = after.split([' ', '"']).next()?;
        if let Some(path) = address.strip_prefix("unix:") {
            return Some(Self::Unix(path.into()));
        }
        let mut address: SocketAddr = address.parse().unwrap();
        if address.ip().is_unspecified() {
            address.set_ip([127, 0, 0, 1].into());
        }
        Some(Self::Tcp(address))
    }

    pub(crate) fn port(&self) -> u16 {
        match self {
            Self::Tcp(address) => address.port(),
            Self::Unix(path) => panic!("{} has no port", path.display()),
        }
    }

    pub(crate) fn get(&self, target: &str, header: Option<(&str, &str)>) -> Response {
        self.request("GET", target, header.as_slice(), b"")
    }

    pub(crate) fn post_form(&self, target: &str, form: &[(&str, &str)]) -> Response {
        let pair = |(name, value): &(&str, &str)| format!("{}={}", encode(name), encode(value));
        let body = form.iter().map(pair).collect::<Vec<_>>().join("&");
        let header = ("Content-Type", "application/x-www-form-urlencoded");
        self.request("POST", target, &[header], body.as_bytes())
    }

    pub(crate) fn request(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        match self {
            Self::Tcp(address) => exchange(connect(*address), method, target, headers, body),
            Self::Unix(path) => {
                let stream = UnixStream::connect(path).unwrap_or_else(|error| panic!("{self:?}: {error}"));
                stream.set_read_timeout(Some(ANSWERED_WITHIN)).unwrap();
                exchange(stream, method, target, headers, body)
            }
        }
    }

    /// A GET over TLS, by a client that trusts this certificate for `localhost` and no other.
    pub(crate) fn get_tls(&self, certificate_pem: &str, target: &str, headers: &[(&str, &str)]) -> Response {
        let Self::Tcp(address) = self else { panic!("{self:?} has no TLS") };
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(certificate_pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        exchange(rustls::StreamOwned::new(client, connect(*address)), "GET", target, headers, b"")
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    stream.set_read_timeout(Some(ANSWERED_WITHIN)).unwrap();
    stream
}

/// HTTP/1.0, so that the body is what follows until the connection ends, never chunked.
fn exchange(
    mut stream: impl Read + Write,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Response {
    let header = |(name, value): &(&str, &str)| format!("{name}: {value}\r\n");
    let headers = headers.iter().map(header).collect::<Vec<_>>().concat();
    let length = body.len();
    let head =
        format!("{method} {target} HTTP/1.0\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n");
    // In one piece: an answer that needs no body may come, and the connection end, before a second one is sent.
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    stream.flush().unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap_or_else(|error| panic!("{method} {target}: {error}"));
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("not HTTP: {answer:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status: {head:?}"));
    Response { status, head: head.to_owned(), body: body.to_owned() }
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub(crate) fn token(&self) -> String {
        assert_eq!(self.status, 200, "no token: {self:?}");
        self.json()["token"].as_str().unwrap().to_owned()
    }

    /// The claims of the token; its signature is the business of other tests.
    pub(crate) fn claims(&self) -> Value {
        part(&self.token(), 1)
    }

    /// The header of the token.
    pub(crate) fn token_header(&self) -> Value {
        part(&self.token(), 0)
    }

    /// The actions of the token's only scope, as in a scope: `pull,push`; a refused login is its status.
    pub(crate) fn granted(&self) -> String {
        if self.status != 200 {
            return self.status.to_string();
        }
        let claims = self.claims();
        let [access] = claims["access"].as_array().unwrap().as_slice() else {
            panic!("not one scope: {claims}")
        };
        let actions = access["actions"].as_array().unwrap();
        actions.iter().map(|action| action.as_str().unwrap()).collect::<Vec<_>>().join(",")
    }
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap_or_else(|| panic!("no token: {token}"));
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The value of an `Authorization` header.
pub(crate) fn basic(account: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{account}:{password}")))
}

/// Percent-encodes a value for a query or a form.
pub(crate) fn encode(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}
