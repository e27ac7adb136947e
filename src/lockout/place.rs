//! Where a login comes from, as far as it counts here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use dockgate_rules::Network;
use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

/// An IPv4 address, or the /64 that one customer of a network gets at the least (RFC 6177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place(IpAddr);

/// Whose address a login has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// The client's own: the peer's that came itself, or the one that a trusted proxy named.
    Own,
    /// Perhaps a proxy's, with everybody behind it.
    #[default]
    Shared,
}

impl Place {
    /// The place of an address.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }

    /// Reads what [`Display`](fmt::Display) writes.
    pub fn parse(text: &str) -> Option<Self> {
        text.split('/').next()?.parse().ok().map(Self::of)
    }

    /// Whether a network holds any of it.
    pub fn meets(self, network: &Network) -> bool {
        network.contains(self.0)
            || Network::parse(&self.to_string()).is_ok_and(|own| {
                let written = network.to_string();
                let first = written.split('/').next().and_then(|address| address.parse::<IpAddr>().ok());
                first.is_some_and(|first| own.contains(first))
            })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => Ipv4Addr::fmt(&address, f),
            IpAddr::V6(address) => write!(f, "{address}/64"),
        }
    }
}

/// The name under which an account is counted: directories take `Alice`, ` alice` and `ALICE` for one, many take `àlice`
/// and `ａｌｉｃｅ` for it too, and whoever guesses must not gain by writing it in another way. That two people are counted
/// as one costs little; that one counts as many undoes the count.
pub(super) fn folded(account: &str) -> String {
    if account.is_ascii() {
        return account.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    }
    let (decomposer, classes) =
        (DecomposingNormalizerBorrowed::new_nfkd(), CanonicalCombiningClassMapBorrowed::new());
    let bare = |text: &str| -> String {
        let plain = |c: &char| !c.is_whitespace() && !is_invisible(*c) && classes.get_u8(*c) == 0;
        decomposer.normalize(text).chars().filter(plain).collect()
    };
    // Up first: `ß` is `SS` there, and the long and the final s are one with the others.
    let upper: String = bare(account).chars().flat_map(char::to_uppercase).collect();
    bare(&upper).chars().flat_map(char::to_lowercase).collect()
}

/// What a directory leaves out when it compares (RFC 4518, section 2.2; Unicode's `Default_Ignorable_Code_Point`).
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{1806}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_or_a_sixty_four() {
        let place = |text: &str| Place::of(text.parse().unwrap());
        assert_eq!(place("192.0.2.1").to_string(), "192.0.2.1");
        assert_eq!(place("::ffff:192.0.2.1"), place("192.0.2.1"));
        assert_eq!(place("2001:db8:1:2:3::4").to_string(), "2001:db8:1:2::/64");
        assert_eq!(place("2001:db8:1:2::9"), place("2001:db8:1:2:ffff::1"));
        assert_ne!(place("2001:db8:1:2::9"), place("2001:db8:1:3::9"));
        for text in ["192.0.2.1", "2001:db8:1:2::/64"] {
            assert_eq!(Place::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_network_meets_what_it_holds_and_what_holds_it() {
        for (place, network, meets) in [
            ("192.0.2.1", "192.0.2.0/24", true),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("2001:db8:1:2::9", "2001:db8:1:2::9", true),
            ("2001:db8:1:2::9", "2001:db8:1:2:7::", true),
            ("2001:db8:1:2::9", "2001:db8::/32", true),
            ("2001:db8:1:2::9", "2001:db8:1:3::/64", false),
            ("192.0.2.1", "2001:db8::/32", false),
        ] {
            let network = Network::parse(network).unwrap();
            assert_eq!(Place::of(place.parse().unwrap()).meets(&network), meets, "{place} {network}");
        }
    }

    #[test]
    fn spellings_that_a_directory_takes_for_one_are_one() {
        for spelling in [
            "alice",
            "Alice",
            " ALICE ",
            "al ice",
            "\u{ff41}\u{ff2c}ice",
            "al\u{ad}i\u{200b}c\u{feff}e",
            "\u{e0}lice\u{301}",
            "\u{1d41a}l\u{2170}ce",
            "al\u{130}ce",
        ] {
            assert_eq!(folded(spelling), "alice", "{spelling:?}");
        }
        for (one, other) in
            [("\u{212a}im", "kim"), ("stra\u{df}e", "STRASSE"), ("\u{17f}am", "sam"), ("\u{3c2}", "\u{3a3}")]
        {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_ne!(folded("alice2"), "alice");
    }
}
