//! From an address to a connection that is logged in.

use std::error::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use dockgate_api::secrecy::ExposeSecret as _;
use dockgate_tls::Cures;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ProtocolVersion, RedisConnectionInfo, RedisError};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use super::address::Address;
use super::failure;
use super::settings::{Details, Tls};

/// In which keys of the configuration lies what is wrong.
const CURES: Cures<'static> = Cures {
    authority: "name the authority's PEM file with `tls.ca_certificate`",
    name: "if it is the right server, write one of these with `tls.server_name`",
    certificate: "give it one with `tls.certificate` and `tls.key`",
};

/// Questions that are written and not sent yet; more wait outside.
const BUFFER: usize = 256;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The work of a connection: it ends with it.
pub(super) type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Connects and logs in, or says why not. The caller bounds the time.
pub(super) async fn dial(
    address: &Address,
    settings: &Details,
) -> Result<(MultiplexedConnection, Driver), String> {
    let stream = match address {
        Address::Unix(path) => {
            let stream = UnixStream::connect(path).await;
            Box::new(stream.map_err(|error| format!("cannot connect: {error}"))?) as Box<dyn Stream>
        }
        Address::Tcp { host, port } => {
            let stream = reach(host, *port, settings.timeouts.connect).await?;
            match &settings.tls {
                None => Box::new(stream),
                Some(tls) => protect(stream, host, tls).await?,
            }
        }
    };
    // The old protocol, without a greeting: the least that a user needs rights for.
    let mut who = RedisConnectionInfo::default()
        .set_protocol(ProtocolVersion::RESP2)
        .set_skip_set_lib_name()
        .set_db(settings.database.into());
    if let Some(username) = &settings.login.username {
        who = who.set_username(username);
    }
    if let Some(password) = &settings.login.password {
        who = who.set_password(password.expose_secret());
    }
    // Who asks has a deadline of its own.
    let config = AsyncConnectionConfig::new().set_response_timeout(None).set_pipeline_buffer_size(BUFFER);
    let made = MultiplexedConnection::new_with_config(&who, stream, config).await;
    let (connection, driver) = made.map_err(|error| login_failed(&error, settings.tls.is_some()))?;
    Ok((connection, Box::pin(driver)))
}

/// The first of the host's addresses that answers. One that does not answer leaves time for the others.
async fn reach(host: &str, port: u16, within: Duration) -> Result<TcpStream, String> {
    let deadline = Instant::now() + within;
    let found = lookup_host((host, port)).await;
    let found: Vec<SocketAddr> =
        found.map_err(|error| format!("no address is found for it: {error}"))?.collect();
    let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
    let mut why = "no address is found for it".to_owned();
    for (left, address) in (1..=count).rev().zip(found) {
        let now = Instant::now();
        let share = deadline.saturating_duration_since(now) / left;
        match timeout_at(now + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A question is one write, and its answer is waited for.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => why = format!("cannot connect to {address}: {error}"),
            Err(_) => why = format!("no connection to {address} in time"),
        }
    }
    Err(why)
}

async fn protect(stream: TcpStream, host: &str, tls: &Tls) -> Result<Box<dyn Stream>, String> {
    let name = tls.server_name.as_deref().unwrap_or(host);
    let name = ServerName::try_from(name.to_owned())
        .map_err(|_| format!("no certificate can be for the name `{name}`: write `tls.server_name`"))?;
    let stream = TlsConnector::from(tls.config.clone()).connect(name, stream).await;
    Ok(Box::new(stream.map_err(|error| {
        dockgate_tls::failure(&error, &CURES)
            .unwrap_or_else(|| format!("TLS did not begin: does it speak TLS on this port? {error}"))
    })?))
}

/// Why the first answer did not come.
pub(super) fn login_failed(error: &RedisError, is_protected: bool) -> String {
    // A server of TLS 1.3 refuses our certificate only after the handshake. The crate shows the cause as it keeps it.
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    if let Some(why) = cause.and_then(|cause| dockgate_tls::failure(&**cause, &CURES)) {
        return why;
    }
    if error.is_connection_dropped() && !is_protected {
        return "it closed the connection at once: does it want TLS on this port? That is `tls: true`"
            .to_owned();
    }
    failure::text(error)
}
