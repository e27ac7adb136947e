//! Where a request comes from.

mod addresses;
mod entry;
mod forwarded;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use dockgate_api::ClientCertificate;

pub(crate) use addresses::{Addresses, BadAddress, is_this_machine};

/// The address of the peer; none on a unix socket. The listener attaches it to every request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// An IPv4 address that was mapped into IPv6 becomes itself again.
    pub fn of(peer: IpAddr) -> Self {
        Self(Some(peer.to_canonical()))
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// The address that the system names.
    pub address: ClientAddress,
    /// Whether TLS is spoken on the connection.
    pub over_tls: bool,
    /// The certificate that TLS has verified, if the client has shown one.
    pub certificate: Option<Arc<ClientCertificate>>,
}

/// The certificate of a request's connection, beside [`ClientAddress`].
#[derive(Clone, Debug, Default)]
pub(super) struct PeerCertificate(pub(super) Option<Arc<ClientCertificate>>);

/// Whether TLS is spoken on a request's connection, beside [`ClientAddress`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OverTls(pub(crate) bool);

impl From<ClientAddress> for Peer {
    /// Over plain HTTP.
    fn from(address: ClientAddress) -> Self {
        Self { address, over_tls: false, certificate: None }
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or_default())
    }
}

impl<S: Sync> FromRequestParts<S> for PeerCertificate {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
