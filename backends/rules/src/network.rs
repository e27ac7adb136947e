//! The address or network of a rule's `ip:`.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use thiserror::Error;

/// Where the IPv4 addresses lie within IPv6: `::ffff:0:0/96`.
const MAPPED_BITS: u8 = 96;

/// An address or a network. IPv4 and IPv4-mapped IPv6 addresses are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpNet);

/// Why an address or network is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// No address of either family.
    #[error("`{address}` is no IP address{cure}")]
    Address {
        /// What stands where the address should.
        address: String,
        /// What to write instead.
        cure: &'static str,
    },
    /// No number behind the slash.
    #[error("`/{prefix}` is no prefix length; write a number, as in `10.0.0.0/8`")]
    Prefix {
        /// What stands behind the slash.
        prefix: String,
    },
    /// More bits than the address has.
    #[error("`/{prefix}` is too long; the prefix of `{address}` has {bits} bits at most")]
    PrefixTooLong {
        /// The address.
        address: IpAddr,
        /// What stands behind the slash.
        prefix: String,
        /// The bits of the address.
        bits: u8,
    },
}

impl Network {
    /// Parses `192.0.2.7`, `10.0.0.0/8`, `2001:db8::1` or `2001:db8::/32`. Bits behind the prefix are ignored.
    ///
    /// # Errors
    ///
    /// [`NetworkError`] if the text is no address or network.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let parsed: IpAddr = address
            .parse()
            .map_err(|_| NetworkError::Address { address: address.to_owned(), cure: cure(address) })?;
        let bits = if parsed.is_ipv4() { 32 } else { 128 };
        let length = prefix.map_or(Ok(bits), |prefix| length(prefix, parsed, bits))?;
        Ok(Self(canonical(parsed, length)))
    }

    /// Whether the address lies in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn length(prefix: &str, address: IpAddr, bits: u8) -> Result<u8, NetworkError> {
    if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NetworkError::Prefix { prefix: prefix.to_owned() });
    }
    // Only digits are left, so what does not fit is too large.
    let length = prefix.parse().ok().filter(|length| *length <= bits);
    length.ok_or_else(|| NetworkError::PrefixTooLong { address, prefix: prefix.to_owned(), bits })
}

fn canonical(address: IpAddr, length: u8) -> IpNet {
    match address {
        IpAddr::V4(address) => v4(address, length),
        IpAddr::V6(address) => match (address.to_ipv4_mapped(), length.checked_sub(MAPPED_BITS)) {
            (Some(address), Some(length)) => v4(address, length),
            _ => v6(address, length),
        },
    }
}

fn v4(address: Ipv4Addr, length: u8) -> IpNet {
    // The length is checked; a single address is the narrow reading if it were not.
    let network = Ipv4Net::new(address, length).unwrap_or_else(|_| Ipv4Net::from(address));
    IpNet::V4(network.trunc())
}

fn v6(address: Ipv6Addr, length: u8) -> IpNet {
    let network = Ipv6Net::new(address, length).unwrap_or_else(|_| Ipv6Net::from(address));
    IpNet::V6(network.trunc())
}

fn cure(address: &str) -> &'static str {
    let dotted = || address.split('.');
    if address.is_empty() {
        "; write one such as `192.0.2.7`, or a network such as `10.0.0.0/8`"
    } else if address.trim() != address {
        "; remove the spaces around it"
    } else if address.contains('*') {
        "; write a network such as `10.0.0.0/8` instead of a wildcard"
    } else if address.starts_with('[') {
        "; write it without brackets and port"
    } else if address.contains('%') {
        "; write it without its zone"
    } else if dotted().count() == 4 && dotted().all(|part| part.bytes().all(|b| b.is_ascii_digit())) {
        let zeros = dotted().any(|part| part.len() > 1 && part.starts_with('0'));
        if zeros {
            "; write its numbers without leading zeros"
        } else {
            "; each of its numbers is at most 255"
        }
    } else if address.contains('-')
        && address.contains('.')
        && !address.bytes().any(|b| b.is_ascii_alphabetic())
    {
        "; write a range as one or more networks such as `10.0.0.0/8`"
    } else if address.contains(':') && dotted().count() == 4 {
        "; write it without the port"
    } else if address.bytes().any(|b| b.is_ascii_alphabetic()) && !address.contains(':') {
        "; host names are not looked up, write the host's address"
    } else {
        "; write one such as `192.0.2.7`, or a network such as `10.0.0.0/8`"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_what_go_says() {
        for (network, address, inside) in [
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.1.2.3/8", "10.200.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/08", "10.1.1.1", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.7", "::ffff:192.0.2.7", true),
            ("10.0.0.0/8", "::ffff:10.9.9.9", true),
            ("::ffff:10.0.0.0/104", "10.9.9.9", true),
            ("::ffff:10.0.0.0/104", "11.0.0.0", false),
            ("::ffff:10.0.0.1", "10.0.0.1", true),
            ("::ffff:0:0/96", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false),
            ("0.0.0.0/0", "::ffff:1.2.3.4", true),
            ("::/0", "1.2.3.4", false),
            ("::/0", "2001:db8::1", true),
            ("::ffff:0:0/90", "1.2.3.4", false),
            ("::ffff:0:0/90", "::fffe:1:1", true),
            ("2001:db8::1/32", "2001:db8:ffff::9", true),
            ("2001:db8::/32", "2001:db9::1", false),
        ] {
            let parsed = Network::parse(network).unwrap();
            assert_eq!(parsed.contains(address.parse().unwrap()), inside, "{network} {address}");
        }
    }

    #[test]
    fn refusals_name_the_cure() {
        for (text, hint) in [
            ("", "such as `192.0.2.7`"),
            ("010.0.0.1", "without leading zeros"),
            ("10.0.0.256", "at most 255"),
            ("10.0.0.0/33", "has 32 bits at most"),
            ("::1/129", "has 128 bits at most"),
            ("10.0.0.0/999", "has 32 bits at most"),
            ("10.0.0.0/+8", "is no prefix length"),
            ("10.0.0.0/", "is no prefix length"),
            ("10.0.0.0/255.0.0.0", "is no prefix length"),
            ("registry.example.com", "host names are not looked up"),
            ("localhost", "host names are not looked up"),
            ("10.*", "instead of a wildcard"),
            (" 10.0.0.1", "remove the spaces"),
            ("10.0.0.1:80", "without the port"),
            ("[::1]:80", "without brackets"),
            ("fe80::1%eth0", "without its zone"),
            ("10.0.0.1-10.0.0.9", "as one or more networks"),
            ("10.0", "such as `192.0.2.7`"),
        ] {
            let error = Network::parse(text).unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }
}
