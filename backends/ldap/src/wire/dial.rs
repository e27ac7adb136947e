//! From an endpoint to a connection.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use dockgate_tls::Cures;
use rustls_pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout_at;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::connection::{Facts, TlsFacts};
use super::{Connection, Endpoint, Security, start_tls};
use crate::failure::Failure;

/// In which keys of the configuration lies what is wrong.
pub(super) const CURES: Cures<'static> = Cures {
    authority: "name the authority's PEM file with `ca_certificate`",
    name: "if it is the right server, write one of these with `server_name`",
    certificate: "give it one with `client_certificate` and `client_key`",
};

/// Makes connections.
pub(crate) struct Dialer {
    /// How TLS is spoken; none where no endpoint needs it.
    pub(crate) tls: Option<Arc<rustls::ClientConfig>>,
    /// The name that certificates must be for (and that is sent as SNI), if not the endpoint's host.
    pub(crate) server_name: Option<String>,
}

impl Dialer {
    /// Connects, and protects the connection as its endpoint says.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] or [`Failure::Late`]: with the name that was expected where a certificate is refused. Where
    /// StartTLS fails nothing is ever said in clear instead.
    pub(crate) async fn dial(&self, endpoint: &Endpoint, deadline: Instant) -> Result<Connection, Failure> {
        let connected = timeout_at(deadline.into(), self.connect(endpoint, deadline)).await;
        let connected = connected.unwrap_or_else(|_| Err(Failure::Late("no connection in time".to_owned())));
        connected
            .map_err(|failure| match failure {
                // Whatever it is, there is no connection.
                Failure::Refused { .. } | Failure::Nonsense(_) => Failure::Unreachable(failure.to_string()),
                failure => failure,
            })
            .map_err(|failure| failure.at(endpoint))
    }

    async fn connect(&self, endpoint: &Endpoint, deadline: Instant) -> Result<Connection, Failure> {
        let (mut stream, address) = reach(endpoint, deadline).await?;
        let plain = Facts { endpoint: endpoint.clone(), address, tls: None };
        if endpoint.security == Security::None {
            return Ok(Connection::over(stream, plain));
        }
        let (connector, name) = self.protection(endpoint)?;
        if endpoint.security == Security::StartTls {
            start_tls::ask(&mut stream).await?;
        }
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(|error| Failure::Unreachable(protection_failed(&error)))?;
        let tls = Some(facts(&stream));
        Ok(Connection::over(stream, Facts { tls, ..plain }))
    }

    fn protection(&self, endpoint: &Endpoint) -> Result<(TlsConnector, ServerName<'static>), Failure> {
        let name = self.server_name.as_deref().unwrap_or(&endpoint.host);
        let name = ServerName::try_from(name.to_owned())
            .map_err(|_| Failure::Unreachable(format!("no certificate can be for the name `{name}`")))?;
        let config = self.tls.clone();
        let config = config.ok_or_else(|| Failure::Unreachable("TLS is not configured".to_owned()))?;
        Ok((TlsConnector::from(config), name))
    }
}

/// The first of the host's addresses that answers. One that does not answer leaves time for the others.
async fn reach(endpoint: &Endpoint, deadline: Instant) -> Result<(TcpStream, SocketAddr), Failure> {
    let found = lookup_host((endpoint.host.as_str(), endpoint.port)).await;
    let found =
        found.map_err(|error| Failure::Unreachable(format!("no address is found for it: {error}")))?;
    any(found.collect(), deadline).await
}

pub(super) async fn any(
    addresses: Vec<SocketAddr>,
    deadline: Instant,
) -> Result<(TcpStream, SocketAddr), Failure> {
    let mut last = Failure::Unreachable("no address is found for it".to_owned());
    let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    for (left, address) in (1..=count).rev().zip(addresses) {
        let now = Instant::now();
        let share = deadline.saturating_duration_since(now) / left;
        match timeout_at((now + share).into(), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A request is one write, and its answer is waited for.
                let _ = stream.set_nodelay(true);
                return Ok((stream, address));
            }
            Ok(Err(error)) => last = Failure::Unreachable(format!("cannot connect to {address}: {error}")),
            Err(_) => last = Failure::Late(format!("no connection to {address} in time")),
        }
    }
    Err(last)
}

/// Why TLS did not begin, or ended.
fn protection_failed(error: &std::io::Error) -> String {
    let closed = "it closed the connection during the TLS handshake: does it speak TLS on this port? On 389 that is \
                  `tls: starttls`, as a rule";
    match dockgate_tls::failure(error, &CURES) {
        Some(text) => text,
        None if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
            closed.to_owned()
        }
        None => format!("the connection broke during the TLS handshake: {error}"),
    }
}

fn facts(stream: &TlsStream<TcpStream>) -> TlsFacts {
    let (_, session) = stream.get_ref();
    let version = match session.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    };
    let certificate = session.peer_certificates().and_then(|chain| chain.first());
    TlsFacts {
        version: version.to_owned(),
        certificate: certificate.map(|leaf| dockgate_tls::describe(leaf)).unwrap_or_default(),
    }
}
