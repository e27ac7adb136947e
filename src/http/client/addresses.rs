//! Whose address a request has, where proxies stand between.
//!
//! A header that names an address is worth what its writer is worth. Each proxy adds the address of who came to it at the
//! end, and hands on what stood there before: everything left of the first entry that a trusted proxy wrote is the
//! client's own word.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use dockgate_rules::Network;

use super::{ClientAddress, entry, forwarded};
use crate::config::server::ServerConfig;
use crate::lockout::Standing;

/// Why a request has no address that may count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadAddress {
    /// The proxy did not send the header.
    Missing,
    /// The header names something else.
    Garbage,
    /// The header names the machine itself.
    Loopback,
}

impl BadAddress {
    /// For the client and the log.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Missing => "the proxy did not name the client's address",
            Self::Garbage => "the proxy named a client's address that is none",
            Self::Loopback => "the proxy named an address of its own machine as the client's",
        }
    }
}

/// How clients' addresses are found, compiled from the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Addresses(Option<Named>);

#[derive(Clone, Debug)]
struct Named {
    header: HeaderName,
    /// Whose word counts; nobody is listed, so only the last entry does, and only from near.
    trusted: Vec<Network>,
}

impl Addresses {
    /// As the configuration says.
    pub(crate) fn new(server: &ServerConfig) -> Self {
        let trusted = server.trusted_proxies.iter().map(|network| network.value.0).collect();
        Self(server.real_ip_header().map(|header| Named { header, trusted }))
    }

    /// By this header of these proxies.
    pub(crate) fn named(header: HeaderName, trusted: Vec<Network>) -> Self {
        Self(Some(Named { header, trusted }))
    }

    /// The address that counts for a request from a peer.
    ///
    /// # Errors
    /// If the peer's word counts and it says nothing that can be a client's address.
    pub(crate) fn resolve(
        &self,
        peer: ClientAddress,
        headers: &HeaderMap,
    ) -> Result<ClientAddress, BadAddress> {
        match &self.0 {
            Some(named) if named.trusts(peer) => {
                named.client(headers).map(|address| ClientAddress(Some(address)))
            }
            _ => Ok(peer),
        }
    }
}

impl Addresses {
    /// Whether a peer is a proxy whose word counts.
    pub(crate) fn trusts(&self, peer: ClientAddress) -> bool {
        self.0.as_ref().is_some_and(|named| named.trusts(peer))
    }

    /// Whose address it is that [`resolve`](Self::resolve) found for a peer.
    pub(crate) fn standing(&self, peer: ClientAddress, found: ClientAddress) -> Standing {
        match &self.0 {
            // A proxy's own, where no header says who was before it: a balancer's, or a network's of containers.
            Some(named) if found.0.is_some_and(|found| named.is_listed(found)) => Standing::Shared,
            Some(named) if named.trusts(peer) => Standing::Own,
            // A proxy that nobody listed, or somebody who goes around it.
            Some(_) => Standing::Shared,
            // A proxy that nobody mentioned, as in a network of containers: everybody would have its address.
            None if peer.0.is_none_or(is_near) => Standing::Shared,
            None => Standing::Own,
        }
    }
}

impl Named {
    /// Who writes to a unix socket was let in by its mode.
    fn trusts(&self, peer: ClientAddress) -> bool {
        match peer.0 {
            None => true,
            Some(address) if self.trusted.is_empty() => is_near(address),
            Some(address) => self.is_listed(address),
        }
    }

    fn is_listed(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }

    fn client(&self, headers: &HeaderMap) -> Result<IpAddr, BadAddress> {
        let lines = headers.get_all(&self.header);
        if self.header == axum::http::header::FORWARDED {
            // Its quotes can be told from the left only.
            let mut entries = Vec::new();
            for line in lines {
                forwarded::read(line.as_bytes(), &mut entries).ok_or(BadAddress::Garbage)?;
            }
            self.rightmost(entries.into_iter().rev())
        } else {
            self.rightmost(from_the_right(lines.iter().rev()))
        }
    }

    /// The first entry from the right that no trusted proxy stands behind; if there is none, the leftmost: a trusted
    /// proxy wrote it too.
    fn rightmost<'a>(&self, entries: impl Iterator<Item = &'a [u8]>) -> Result<IpAddr, BadAddress> {
        let mut found = None;
        for entry in entries {
            let address = entry::read(entry).ok_or(BadAddress::Garbage)?;
            found = Some(address);
            if self.trusted.is_empty() || !self.is_listed(address) {
                break;
            }
        }
        let address = found.ok_or(BadAddress::Missing)?;
        if is_this_machine(address) { Err(BadAddress::Loopback) } else { Ok(address) }
    }
}

/// The entries of a list in several lines, the last one first (RFC 9110, section 5.3).
fn from_the_right<'a>(lines: impl Iterator<Item = &'a HeaderValue>) -> impl Iterator<Item = &'a [u8]> {
    lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','))
}

/// A peer on this machine or in a network that the internet does not route.
fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// Addresses that come from no other machine: a rule that trusts them would trust whoever can write a header.
pub(crate) fn is_this_machine(address: IpAddr) -> bool {
    match address {
        // All of 0.0.0.0/8 is "this host on this network" (RFC 1122, section 3.2.1.3).
        IpAddr::V4(address) => address.is_loopback() || address.octets().first() == Some(&0),
        IpAddr::V6(address) => {
            let embedded = address.to_ipv4().filter(|_| !address.is_loopback() && !address.is_unspecified());
            address.is_loopback()
                || address.is_unspecified()
                || embedded.is_some_and(|v4| is_this_machine(v4.into()))
        }
    }
}
