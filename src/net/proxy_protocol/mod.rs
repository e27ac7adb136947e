//! The PROXY protocol (haproxy, `doc/proxy-protocol.txt`): before anything else a proxy says whom it brings.
//!
//! What stands behind the header belongs to TLS or HTTP, so not a byte more than the header is read.

mod crc32c;
#[cfg(test)]
mod tests;
mod v1;
mod v2;

use std::io;
use std::net::IpAddr;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::http::{ClientAddress, is_this_machine};

/// As long as the signature of version 2, and shorter than the shortest header of version 1.
const START: usize = 12;

/// Whom a header names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Brought {
    /// A client at an address.
    Client(IpAddr),
    /// Nobody: the proxy comes for itself, to see whether we are there, or does not know who came to it.
    Nobody,
}

/// Why a connection has no header that counts.
#[derive(Debug, Error)]
pub(super) enum BadHeader {
    /// The connection ended before its first byte: a proxy looked whether the port is open.
    #[error("the connection ended before it began")]
    Nothing,
    /// It broke, or ended in the middle of the header.
    #[error("the connection broke within the header: {0}")]
    Io(#[from] io::Error),
    /// It begins with something else.
    #[error("the connection begins with something else than a PROXY header")]
    Absent,
    /// The header does not follow the protocol.
    #[error("the PROXY header is malformed: {0}")]
    Malformed(&'static str),
    /// The header is longer than anybody's.
    #[error("the PROXY header is too long")]
    TooLong,
    /// The header was changed on its way.
    #[error("the PROXY header's checksum is wrong")]
    Checksum,
    /// The header names a machine's own address, and the proxy is on another machine.
    #[error("the PROXY header names an address of the proxy's own machine as the client's")]
    Loopback,
}

/// Reads a header, and nothing behind it: the address of the client that a peer brings.
///
/// # Errors
/// Why there is none that counts. The connection is of no further use then.
pub(super) async fn client<S>(stream: &mut S, peer: ClientAddress) -> Result<ClientAddress, BadHeader>
where
    S: AsyncRead + Unpin,
{
    let Brought::Client(address) = read(stream).await? else { return Ok(peer) };
    // A process on the proxy's machine is none on ours, unless both are one.
    let is_near = peer.0.is_none_or(is_this_machine);
    if is_this_machine(address) && !is_near {
        Err(BadHeader::Loopback)
    } else {
        Ok(ClientAddress::of(address))
    }
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Brought, BadHeader> {
    let mut start = [0; START];
    let Ok(first) = stream.read_u8().await else { return Err(BadHeader::Nothing) };
    let (head, rest) = start.split_at_mut(1);
    head.fill(first);
    stream.read_exact(rest).await?;
    if start == v2::SIGNATURE {
        v2::read(stream).await
    } else if start.starts_with(v1::BEGIN) {
        v1::read(stream, start).await
    } else {
        Err(BadHeader::Absent)
    }
}
