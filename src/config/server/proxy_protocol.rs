//! `proxy_protocol`: who says before anything else whom it brings.

use dockgate_api::config::{KeyPath, Located, Problem};
use dockgate_rules::Network;
use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Net;
use super::proxies::{TrustedNetwork, refuse_everybody};
use crate::http::ClientAddress;

/// `proxy_protocol` of a door: the peers whose connections begin with a PROXY header (version 1 or 2), each of them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProxyProtocolConfig {
    /// The proxies' addresses and networks; on a unix socket everybody.
    pub from: Vec<Located<TrustedNetwork>>,
}

/// Whose connections begin with a PROXY header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxySenders {
    /// Those at these addresses, and nobody else's.
    Listed(Vec<Network>),
    /// Everybody's: a unix socket's peers have no address.
    All,
}

impl ProxySenders {
    /// Whether a peer's connections do.
    pub fn include(&self, peer: ClientAddress) -> bool {
        match (self, peer.0) {
            (Self::All, _) => true,
            (Self::Listed(networks), Some(peer)) => networks.iter().any(|network| network.contains(peer)),
            (Self::Listed(_), None) => false,
        }
    }
}

impl ProxyProtocolConfig {
    pub(super) fn senders(&self, net: Net) -> ProxySenders {
        match net {
            Net::Tcp => ProxySenders::Listed(self.from.iter().map(|network| network.value.0).collect()),
            Net::Unix => ProxySenders::All,
        }
    }
}

/// What is wrong with a door's `proxy_protocol`, whose key path is given.
pub(super) fn validate(
    given: &Located<ProxyProtocolConfig>,
    net: Net,
    path: &KeyPath,
    problems: &mut Vec<Problem>,
) {
    let path_of_list = path.key("from");
    match (net, given.from.first()) {
        (Net::Tcp, None) => {
            let message = "whose connections begin with a PROXY header? Write your proxies' addresses: `from: [10.0.7.3]`";
            problems.push(Problem::new(given.location.clone(), path.clone(), message));
        }
        (Net::Unix, Some(first)) => {
            let message = "who comes over a unix socket has no address, and all must send the header: write \
                           `proxy_protocol: {}`";
            problems.push(Problem::new(first.location.clone(), path_of_list, message));
        }
        _ => refuse_everybody(&given.from, &path_of_list, problems),
    }
}
