//! `real_ip_header`, `real_ip_pos`, `trusted_proxies`: whose word counts for a client's address.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use axum::http::HeaderName;
use dockgate_api::config::{KeyPath, Located, Problem};
use dockgate_rules::Network;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use super::ServerConfig;

/// An address or a network of `trusted_proxies`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedNetwork(pub Network);

impl<'de> Deserialize<'de> for TrustedNetwork {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TrustedNetworkVisitor;
        impl Visitor<'_> for TrustedNetworkVisitor {
            type Value = TrustedNetwork;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address or a network")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TrustedNetwork, E> {
                let network = Network::parse(text).map_err(E::custom)?;
                match wider_than_written(text, &network) {
                    Some(message) => Err(E::custom(message)),
                    None => Ok(TrustedNetwork(network)),
                }
            }
        }
        deserializer.deserialize_str(TrustedNetworkVisitor)
    }
}

impl JsonSchema for TrustedNetwork {
    fn schema_name() -> Cow<'static, str> {
        "TrustedNetwork".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An IPv4 or IPv6 address, or a network such as 10.0.0.0/8 or 2001:db8::/32"
        })
    }
}

/// `10.0.7.3/8` is meant as one address, or as a small network, more often than as all of 10/8.
fn wider_than_written(text: &str, network: &Network) -> Option<String> {
    let address = |text: &str| text.split('/').next()?.parse::<IpAddr>().ok();
    let (written, network) = (address(text)?.to_canonical(), network.to_string());
    (address(&network)? != written).then(|| {
        format!("this is the whole network `{network}`: write that, or the address alone, `{written}`")
    })
}

/// A list of proxies that everybody is on, at the key path of the list.
pub(in crate::config) fn refuse_everybody(
    networks: &[Located<TrustedNetwork>],
    path: &KeyPath,
    problems: &mut Vec<Problem>,
) {
    for (index, network) in networks.iter().enumerate() {
        if network.value.0.to_string().ends_with("/0") {
            let message = "this trusts everybody, and whoever comes could choose the address that rules see: write your \
                           proxies' own addresses";
            let path = path.item(network.index.unwrap_or(index));
            problems.push(Problem::new(network.location.clone(), path, message));
        }
    }
}

/// The last entry: the one that the nearest proxy wrote.
const LAST: i64 = -1;

impl ServerConfig {
    /// The header that names clients' addresses, if one does.
    pub fn real_ip_header(&self) -> Option<HeaderName> {
        self.real_ip_header.as_ref().and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok())
    }

    pub(super) fn validate_proxies(
        &self,
        path: &KeyPath,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) {
        let Some(header) = &self.real_ip_header else {
            self.say_what_lacks_its_header(path, problems, warnings);
            return;
        };
        if HeaderName::from_bytes(header.as_bytes()).is_err() {
            let message = "this is no header's name: write one such as `X-Forwarded-For`";
            problems.push(Problem::new(header.location.clone(), path.key("real_ip_header"), message));
        }
        refuse_everybody(&self.trusted_proxies, &path.key("trusted_proxies"), problems);
        if self.trusted_proxies.is_empty() {
            let message = "without `trusted_proxies` only the header's last entry counts, and only from a peer that is \
                           loopback or private: list your proxies' addresses in `trusted_proxies`";
            warnings.push(Problem::new(header.location.clone(), path.key("real_ip_header"), message));
        }
        if let Some(position) = &self.real_ip_pos {
            let path = path.key("real_ip_pos");
            if !self.trusted_proxies.is_empty() {
                let message = "`trusted_proxies` says which entry counts, the last that is none of them: take this key away";
                problems.push(Problem::new(position.location.clone(), path, message));
            } else if position.value != LAST {
                let message = "this is read as -1: any other entry may be the client's own word. List your proxies in \
                               `trusted_proxies` and take this key away";
                warnings.push(Problem::new(position.location.clone(), path, message));
            }
        }
    }

    fn say_what_lacks_its_header(
        &self,
        path: &KeyPath,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) {
        if let Some(first) = self.trusted_proxies.first() {
            let message = "`real_ip_header` is missing: write which header your proxies set, such as \
                           `real_ip_header: X-Forwarded-For`";
            problems.push(Problem::new(first.location.clone(), path.key("trusted_proxies"), message));
        }
        // docker_auth's default, which templates like to write.
        if let Some(position) = self.real_ip_pos.as_ref().filter(|position| position.value != 0) {
            let message = "does nothing without `real_ip_header`: take it away";
            warnings.push(Problem::new(position.location.clone(), path.key("real_ip_pos"), message));
        }
    }
}
