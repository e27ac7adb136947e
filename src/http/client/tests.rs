use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use dockgate_api::config::KeyPath;
use proptest::prelude::*;

use super::ClientAddress;
use super::addresses::{Addresses, BadAddress};
use crate::config::server::ServerConfig;
use crate::config::yaml;

fn addresses(keys: &str) -> Addresses {
    let text = format!("{{addr: ':1', {keys}}}");
    let node = yaml::parse("test.yml", &text, &mut Vec::new()).unwrap();
    let server: ServerConfig = node.decode(&KeyPath::root()).unwrap();
    Addresses::new(&server)
}

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    lines
        .iter()
        .map(|(name, value)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        })
        .collect()
}

fn peer(text: &str) -> ClientAddress {
    match text {
        "unix" => ClientAddress(None),
        address => ClientAddress::of(address.parse().unwrap()),
    }
}

/// The address that counts, or what is wrong.
fn counts(addresses: &Addresses, from: &str, lines: &[(&str, &str)]) -> String {
    match addresses.resolve(peer(from), &headers(lines)) {
        Ok(ClientAddress(Some(address))) => address.to_string(),
        Ok(ClientAddress(None)) => "unix".to_owned(),
        Err(bad) => format!("{bad:?}"),
    }
}

fn held(addresses: &Addresses, name: &str, cases: &[(&str, &[&str], &str)]) {
    for (from, values, expected) in cases {
        let lines: Vec<_> = values.iter().map(|value| (name, *value)).collect();
        assert_eq!(counts(addresses, from, &lines), *expected, "{from} {values:?}");
    }
}

#[test]
fn without_a_header_only_the_peer_counts() {
    let none = addresses("real_ip_pos: -1");
    for from in ["127.0.0.1", "10.0.0.1", "203.0.113.9", "unix"] {
        assert_eq!(counts(&none, from, &[("x-forwarded-for", "9.9.9.9")]), from);
    }
}

#[test]
fn without_a_list_the_last_entry_counts_and_only_from_near() {
    let near = addresses("real_ip_header: X-Forwarded-For");
    held(
        &near,
        "X-Forwarded-For",
        &[
            ("127.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("::1", &["203.0.113.9"], "203.0.113.9"),
            ("10.1.2.3", &["203.0.113.9"], "203.0.113.9"),
            ("172.16.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("192.168.7.7", &["203.0.113.9"], "203.0.113.9"),
            ("fd00::1", &["203.0.113.9"], "203.0.113.9"),
            ("::ffff:10.1.2.3", &["203.0.113.9"], "203.0.113.9"),
            ("unix", &["203.0.113.9"], "203.0.113.9"),
            // Anybody may have come so.
            ("198.51.100.1", &["203.0.113.9"], "198.51.100.1"),
            ("2001:db8::1", &["203.0.113.9"], "2001:db8::1"),
            ("172.32.0.1", &["203.0.113.9"], "172.32.0.1"),
            ("100.64.0.1", &["203.0.113.9"], "100.64.0.1"),
            ("169.254.1.1", &["203.0.113.9"], "169.254.1.1"),
            ("fe80::1", &["203.0.113.9"], "fe80::1"),
            // What stands before it is the client's own word.
            ("10.0.0.1", &["127.0.0.1, 9.9.9.9,203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["9.9.9.9", "203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["\u{fffd}{};,", " \t203.0.113.9 "], "203.0.113.9"),
            // Nobody walks on, though these may be proxies too.
            ("10.0.0.1", &["203.0.113.9, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["203.0.113.9, 127.0.0.1"], "Loopback"),
            ("10.0.0.1", &[], "Missing"),
            ("127.0.0.1", &[], "Missing"),
            ("unix", &[], "Missing"),
            ("198.51.100.1", &[], "198.51.100.1"),
            ("10.0.0.1", &[""], "Garbage"),
            ("10.0.0.1", &["203.0.113.9,"], "Garbage"),
            ("10.0.0.1", &["203.0.113.9", ""], "Garbage"),
        ],
    );
    assert_eq!(counts(&near, "10.0.0.1", &[("x-real-ip", "9.9.9.9")]), "Missing", "another header");
}

#[test]
fn with_a_list_the_rightmost_entry_counts_that_is_not_in_it() {
    let listed = addresses(
        "real_ip_header: x-forwarded-for, trusted_proxies: [10.0.0.0/8, 127.0.0.1, '2001:db8::/64']",
    );
    held(
        &listed,
        "X-Forwarded-For",
        &[
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["9.9.9.9, 203.0.113.9, 10.0.0.2, 2001:db8::5"], "203.0.113.9"),
            ("10.0.0.1", &["9.9.9.9, 203.0.113.9", "10.0.0.2"], "203.0.113.9"),
            ("unix", &["9.9.9.9, 203.0.113.9, 127.0.0.1"], "203.0.113.9"),
            // These are near, but not in the list.
            ("192.168.0.1", &["203.0.113.9"], "192.168.0.1"),
            ("::1", &["203.0.113.9"], "::1"),
            ("198.51.100.1", &["203.0.113.9"], "198.51.100.1"),
            // Garbage counts where it is come to, and only there.
            ("10.0.0.1", &["unknown, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9, unknown, 10.0.0.2"], "Garbage"),
            // A proxy's own request.
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["127.0.0.1, 10.0.0.2"], "Loopback"),
            ("10.0.0.1", &["203.0.113.9, ::1, 10.0.0.2"], "Loopback"),
            ("10.0.0.1", &[], "Missing"),
        ],
    );
}

#[test]
fn addresses_of_this_machine_are_nobodys() {
    let near = addresses("real_ip_header: X-Real-IP");
    for own in [
        "127.0.0.1",
        "127.255.0.3",
        "127.0.0.1:80",
        "0.0.0.0",
        "0.1.2.3",
        "::1",
        "::",
        "[::1]",
        "[::1]:80",
        "::ffff:127.0.0.1",
        "::ffff:0.0.0.0",
        "::127.0.0.1",
        "0:0:0:0:0:ffff:7f00:1",
    ] {
        assert_eq!(counts(&near, "10.0.0.1", &[("x-real-ip", own)]), "Loopback", "{own}");
    }
}

#[test]
fn entries_with_ports_and_brackets() {
    let near = addresses("real_ip_header: X-Real-IP");
    for (entry, address) in [
        ("203.0.113.9:4711", "203.0.113.9"),
        ("2001:db8::9", "2001:db8::9"),
        ("2001:DB8:0::9", "2001:db8::9"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("[2001:db8::9]:4711", "2001:db8::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:_hidden", "203.0.113.9"),
    ] {
        assert_eq!(counts(&near, "10.0.0.1", &[("x-real-ip", entry)]), address, "{entry}");
    }
    for garbage in [
        "unknown",
        "_hidden",
        "localhost",
        "203.0.113",
        "203.0.113.256",
        "0xcb007109",
        "3405803785",
        "010.0.0.1",
        "203.0.113.9:",
        "203.0.113.9:port",
        "203.0.113.9:123456",
        "203.0.113.9 9.9.9.9",
        "203.0.113.9;",
        "[203.0.113.9]",
        "[2001:db8::9",
        "2001:db8::9]",
        "[2001:db8::9]4711",
        "[2001:db8::9]:",
        "[]",
        "fe80::1%eth0",
        "\"203.0.113.9\"",
        "203.0.113.9/32",
        "::ffff:203.0.113.9.1",
        "\u{ff12}.1.1.1",
    ] {
        assert_eq!(counts(&near, "10.0.0.1", &[("x-real-ip", garbage)]), "Garbage", "{garbage}");
    }
}

#[test]
fn forwarded() {
    let near = addresses("real_ip_header: Forwarded");
    held(
        &near,
        "forwarded",
        &[
            ("10.0.0.1", &["for=203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["For=\"203.0.113.9:4711\""], "203.0.113.9"),
            ("10.0.0.1", &["for=\"[2001:db8::9]\""], "2001:db8::9"),
            ("10.0.0.1", &["for=\"[2001:db8::9]:_port\""], "2001:db8::9"),
            ("10.0.0.1", &["for=[2001:db8::9]:80"], "2001:db8::9"),
            (
                "10.0.0.1",
                &["proto=https;by=_x;for=203.0.113.9;host=\"a, b; \\\"for=9.9.9.9\""],
                "203.0.113.9",
            ),
            ("10.0.0.1", &["for=9.9.9.9, for=203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["for=9.9.9.9", "for=203.0.113.9 ; proto=http"], "203.0.113.9"),
            ("10.0.0.1", &["for=127.0.0.1"], "Loopback"),
            ("10.0.0.1", &["for=unknown"], "Garbage"),
            ("10.0.0.1", &["for=_secret"], "Garbage"),
            ("10.0.0.1", &["for=203.0.113.9, proto=http"], "Garbage"),
            ("10.0.0.1", &["for=203.0.113.9;for=9.9.9.9"], "Garbage"),
            ("10.0.0.1", &["203.0.113.9"], "Garbage"),
            ("10.0.0.1", &["for=203.0.113.9,"], "Garbage"),
            ("10.0.0.1", &["for="], "Garbage"),
            ("10.0.0.1", &["for=\"203.0.113.9"], "Garbage"),
            ("10.0.0.1", &["for=\"203.0.113.\\9\""], "Garbage"),
            ("10.0.0.1", &[], "Missing"),
            // Quotes that a client leaves open swallow nothing of what the proxy adds.
            ("10.0.0.1", &["for=\"9.9.9.9, for=203.0.113.9"], "Garbage"),
            ("10.0.0.1", &["for=9.9.9.9;x=\", for=\"[2001:db8::9]\""], "Garbage"),
            ("10.0.0.1", &["for=9.9.9.9;x=\"", "for=203.0.113.9"], "Garbage"),
            ("10.0.0.1", &["for=9.9.9.9;x=\", for=203.0.113.9;by=\"\""], "Garbage"),
        ],
    );
    let listed = addresses("real_ip_header: Forwarded, trusted_proxies: [10.0.0.0/8]");
    held(
        &listed,
        "forwarded",
        &[
            ("10.0.0.1", &["for=9.9.9.9, for=203.0.113.9, for=10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["for=9.9.9.9, proto=https, for=10.0.0.2"], "Garbage"),
        ],
    );
}

fn entry() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|address| format!("[{address}]:80")),
        "10\\.[0-9]\\.[0-9]\\.[0-9]",
        "127\\.0\\.0\\.[0-9]",
        "[\\x20-\\x7e]{0,12}",
        Just("::1".to_owned()),
    ]
}

fn line() -> impl Strategy<Value = String> {
    prop::collection::vec(entry(), 0..5).prop_map(|entries| entries.join(", "))
}

#[test]
fn an_address_of_a_proxy_stands_for_everybody_behind_it() {
    use crate::lockout::Standing::{Own, Shared};
    let listed = addresses("real_ip_header: X-Forwarded-For, trusted_proxies: [10.0.0.0/8]");
    let near = addresses("real_ip_header: X-Forwarded-For");
    let none = addresses("real_ip_pos: -1");
    for (addresses, from, found, standing) in [
        (&listed, "10.0.0.1", "203.0.113.9", Own),
        // A balancer or a network of containers between, and no word of who was before it.
        (&listed, "10.0.0.1", "10.0.0.9", Shared),
        (&listed, "203.0.113.9", "203.0.113.9", Shared),
        (&near, "10.0.0.1", "203.0.113.9", Own),
        (&near, "203.0.113.9", "203.0.113.9", Shared),
        (&none, "10.0.0.1", "10.0.0.1", Shared),
        (&none, "203.0.113.9", "203.0.113.9", Own),
    ] {
        assert_eq!(addresses.standing(peer(from), peer(found)), standing, "{from} {found}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Whatever is sent: the peer's own address, or one that somebody who is trusted wrote.
    #[test]
    fn never_an_address_that_may_not_be(
        lines in prop::collection::vec(line(), 0..4),
        from in prop_oneof![
            any::<IpAddr>(),
            "10\\.0\\.0\\.[0-9]".prop_map(|text| text.parse::<IpAddr>().unwrap()),
        ],
        listed in any::<bool>(),
        name in prop_oneof![Just("x-forwarded-for"), Just("forwarded")],
    ) {
        let trusted = if listed { ", trusted_proxies: [10.0.0.0/8]" } else { "" };
        let addresses = addresses(&format!("real_ip_header: {name}{trusted}"));
        let sent: Vec<(&str, &str)> = lines.iter().map(|line| (name, line.as_str())).collect();
        let from = ClientAddress::of(from);
        let is_ten = |address: IpAddr| matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 10);
        let found = addresses.resolve(from, &headers(&sent));
        if listed && !is_ten(from.0.unwrap()) {
            prop_assert_eq!(found, Ok(from));
            return Ok(());
        }
        let Ok(ClientAddress(Some(found))) = found else { return Ok(()) };
        if Some(found) == from.0 {
            return Ok(());
        }
        prop_assert!(!found.is_loopback() && !found.is_unspecified());
        if name == "x-forwarded-for" {
            let all = lines.join(",");
            let mut entries = all.rsplit(',').map(|entry| super::entry::read(entry.as_bytes()));
            if listed {
                let walked: Vec<IpAddr> = entries.map_while(|entry| entry).collect();
                let first = walked.iter().position(|address| !is_ten(*address)).unwrap_or(walked.len() - 1);
                prop_assert_eq!(walked[first], found);
            } else {
                prop_assert_eq!(entries.next().flatten(), Some(found));
            }
        }
    }

    #[test]
    fn never_panics(value in prop::collection::vec(any::<u8>().prop_filter("a header's", |byte| *byte >= 32 && *byte != 127), 0..60)) {
        for name in ["forwarded", "x-forwarded-for"] {
            let addresses = addresses(&format!("real_ip_header: {name}"));
            let mut headers = HeaderMap::new();
            headers.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(&value).unwrap());
            let found = addresses.resolve(ClientAddress(None), &headers);
            prop_assert!(found != Ok(ClientAddress(None)) && found != Err(BadAddress::Missing));
        }
    }
}
