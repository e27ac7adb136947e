use std::io::{self, Cursor};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use proptest::prelude::*;
use proxy_header::{ParseConfig, ProxiedAddress, ProxyHeader, Tlv};

use super::*;

const PROXY: ClientAddress = ClientAddress(Some(IpAddr::V4(Ipv4Addr::new(10, 0, 7, 3))));
const HERE: ClientAddress = ClientAddress(Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));

/// Runs what waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

/// What a connection's first bytes say, and how many of them were read.
fn read_of(bytes: &[u8], peer: ClientAddress) -> (Result<ClientAddress, BadHeader>, usize) {
    let mut stream = Cursor::new(bytes);
    let outcome = now(client(&mut stream, peer));
    (outcome, usize::try_from(stream.position()).unwrap())
}

/// The client of a header, which must be read to its end and no further.
#[track_caller]
fn client_of(header: &[u8]) -> IpAddr {
    let mut bytes = header.to_vec();
    bytes.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
    let (outcome, read) = read_of(&bytes, PROXY);
    assert_eq!(read, header.len());
    outcome.unwrap().0.unwrap()
}

fn refused(header: &[u8]) -> BadHeader {
    read_of(header, PROXY).0.unwrap_err()
}

fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&v2::SIGNATURE[..], &[command, family], &length, body].concat()
}

const TCP4: [u8; 12] = [203, 0, 113, 9, 10, 0, 7, 3, 0x12, 0x34, 1, 187];

fn with_checksum(mut header: Vec<u8>) -> Vec<u8> {
    let place = header.windows(3).position(|three| three == [3, 0, 4]).unwrap() + 3;
    let mut sum = crc32c::Sum::new();
    sum.add(&header);
    header[place..place + 4].copy_from_slice(&sum.end().to_be_bytes());
    header
}

#[test]
fn lines() {
    for (line, client) in [
        ("PROXY TCP4 203.0.113.9 10.0.0.1 56324 443\r\n", "203.0.113.9"),
        ("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"),
        ("PROXY TCP4 203.0.113.9 10.0.0.1 0 0\r\n", "203.0.113.9"),
        ("PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\n", "2001:db8::7"),
        ("PROXY TCP6 ::ffff:203.0.113.9 ::1 1 2\r\n", "203.0.113.9"),
        ("PROXY TCP6 2001:db8::7 10.0.0.1 1 2\r\n", "2001:db8::7"),
        ("PROXY UNKNOWN\r\n", "10.0.7.3"),
        ("PROXY UNKNOWN 203.0.113.9 whatever\r\n", "10.0.7.3"),
        (
            "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535 ffff:f...f:ffff ffff:f...f:ffff 65535 65535 \r\n",
            "10.0.7.3",
        ),
    ] {
        assert_eq!(client_of(line.as_bytes()).to_string(), client, "{line}");
    }
}

#[test]
fn lines_that_are_none() {
    for line in [
        "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 ",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536",
        "PROXY TCP4 1.2.3.4 1.2.3.4 01 2",
        "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2",
        "PROXY TCP4 1.2.3.4 1.2.3.4  2",
        "PROXY TCP4 1.2.3.04 1.2.3.4 1 2",
        "PROXY TCP4 1.2.3 1.2.3.4 1 2",
        "PROXY TCP4 1.2.3.4 a.example.com 1 2",
        "PROXY TCP4 ::1 ::1 1 2",
        "PROXY TCP6 1.2.3.4 1.2.3.4 1 2",
        "PROXY TCP6 fe80::1%eth0 ::1 1 2",
        "PROXY tcp4 1.2.3.4 1.2.3.4 1 2",
        "PROXY UDP4 1.2.3.4 1.2.3.4 1 2",
        "PROXY UNKNOWNER 1.2.3.4",
        "PROXY TCP4\t1.2.3.4 1.2.3.4 1 2",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
        "PROXY UNKNOWN\nGET /",
        "PROXY UNKNOWN \rx",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\0",
    ] {
        let found = refused(format!("{line}\r\n").as_bytes());
        assert!(matches!(found, BadHeader::Malformed(_)), "{line}: {found}");
    }
    for other in
        ["GET / HTTP/1.1\r\n\r\n", "proxy tcp4 1.2.3.4 1.2.3.4 1 2\r\n", "\u{16}\u{3}\u{1}\u{2}xxxxxxxx"]
    {
        assert!(matches!(refused(other.as_bytes()), BadHeader::Absent), "{other:?}");
    }
}

#[test]
fn no_more_is_read_than_a_header_can_have() {
    let endless = format!("PROXY UNKNOWN {}", "x".repeat(500));
    let (outcome, read) = read_of(endless.as_bytes(), PROXY);
    assert!(matches!(outcome, Err(BadHeader::TooLong)));
    assert_eq!(read, 107);
    let (outcome, read) = read_of(&v2(0x21, 0x11, &[0; 4097]), PROXY);
    assert!(matches!(outcome, Err(BadHeader::TooLong)));
    assert_eq!(read, 16);
    let mut largest = TCP4.to_vec();
    largest.extend([4, 0x0f, 0xf1].into_iter().chain([0; 0x0ff1]));
    assert_eq!(largest.len(), 4096);
    assert_eq!(client_of(&v2(0x21, 0x11, &largest)).to_string(), "203.0.113.9");
}

#[test]
fn binary_headers() {
    let mut tcp6 = [0; 36];
    tcp6[..16].copy_from_slice(&"2001:db8::7".parse::<Ipv6Addr>().unwrap().octets());
    let mut mapped = [0; 36];
    mapped[..16].copy_from_slice(&Ipv4Addr::new(203, 0, 113, 9).to_ipv6_mapped().octets());
    let followed = [&TCP4[..], &[0x20, 0, 1, 9, 0xee, 0, 0]].concat();
    for (header, client) in [
        (v2(0x21, 0x11, &TCP4), "203.0.113.9"),
        (v2(0x21, 0x11, &followed), "203.0.113.9"),
        (v2(0x21, 0x21, &tcp6), "2001:db8::7"),
        (v2(0x21, 0x21, &mapped), "203.0.113.9"),
        (v2(0x21, 0x31, &[b's'; 216]), "10.0.7.3"),
        (v2(0x21, 0x00, &[]), "10.0.7.3"),
        (v2(0x20, 0x00, &[]), "10.0.7.3"),
        (v2(0x20, 0x11, &TCP4), "10.0.7.3"),
        (v2(0x20, 0xff, b"whatever"), "10.0.7.3"),
    ] {
        assert_eq!(client_of(&header).to_string(), client, "{header:x?}");
    }
}

#[test]
fn binary_headers_that_are_none() {
    let cut = [&TCP4[..], &[0x20, 0, 2, 9]].concat();
    let stub = [&TCP4[..], &[0x20, 0]].concat();
    let no_sum = [&TCP4[..], &[3, 0, 3, 0, 0, 0]].concat();
    let two_sums = [&TCP4[..], &[3, 0, 4, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0]].concat();
    for header in [
        v2(0x11, 0x11, &TCP4),
        v2(0x31, 0x11, &TCP4),
        v2(0x22, 0x11, &TCP4),
        v2(0x21, 0x12, &TCP4),
        v2(0x21, 0x10, &TCP4),
        v2(0x21, 0x41, &TCP4),
        v2(0x21, 0x11, &TCP4[..11]),
        v2(0x21, 0x21, &[0; 35]),
        v2(0x21, 0x31, &[0; 215]),
        v2(0x21, 0x11, &cut),
        v2(0x21, 0x11, &stub),
        v2(0x21, 0x11, &no_sum),
        v2(0x21, 0x11, &two_sums),
    ] {
        let found = refused(&header);
        assert!(matches!(found, BadHeader::Malformed(_)), "{header:x?}: {found}");
    }
}

#[test]
fn a_checksum_counts_where_there_is_one() {
    let further = [&TCP4[..], &[0x20, 0, 1, 9, 3, 0, 4, 0, 0, 0, 0, 0xee, 0, 2, 1, 2]].concat();
    let good = with_checksum(v2(0x21, 0x11, &further));
    assert_eq!(client_of(&good).to_string(), "203.0.113.9");
    // All but the byte that says that it is a checksum.
    for place in (16..good.len()).filter(|place| *place != 32) {
        let mut damaged = good.clone();
        damaged[place] ^= 1;
        assert!(read_of(&damaged, PROXY).0.is_err(), "byte {place}");
    }
    let zeros = v2(0x21, 0x11, &further);
    assert!(matches!(refused(&zeros), BadHeader::Checksum));
}

#[test]
fn what_breaks_off_is_no_header() {
    for whole in [b"PROXY TCP4 203.0.113.9 10.0.0.1 1 2\r\n".to_vec(), v2(0x21, 0x11, &TCP4)] {
        assert!(matches!(refused(&[]), BadHeader::Nothing));
        for length in 1..whole.len() {
            let found = refused(&whole[..length]);
            assert!(
                matches!(&found, BadHeader::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof),
                "{found}"
            );
        }
    }
}

#[test]
fn this_machine_is_named_from_this_machine_only() {
    for own in ["127.0.0.1", "127.9.9.9", "0.0.0.0"] {
        let header = format!("PROXY TCP4 {own} 10.0.0.1 1 2\r\n");
        assert!(matches!(read_of(header.as_bytes(), PROXY).0, Err(BadHeader::Loopback)), "{own}");
        for near in [HERE, ClientAddress(None)] {
            assert_eq!(
                read_of(header.as_bytes(), near).0.unwrap(),
                ClientAddress(Some(own.parse().unwrap()))
            );
        }
    }
    for own in ["::1", "::", "::ffff:127.0.0.1", "::127.0.0.1"] {
        let header = format!("PROXY TCP6 {own} ::2 1 2\r\n");
        assert!(matches!(read_of(header.as_bytes(), PROXY).0, Err(BadHeader::Loopback)), "{own}");
    }
}

/// Whom the crate `proxy-header`, written from the same document by others, finds in a header, and how long it takes it to
/// be.
fn by_others(bytes: &[u8]) -> Option<(Option<IpAddr>, usize)> {
    let (header, length) = ProxyHeader::parse(bytes, ParseConfig::default()).ok()?;
    Some((header.proxied_address().map(|address| address.source.ip()), length))
}

/// A line with a client of one family and a proxy of the other, which we take and others do not.
fn is_mixed(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut addresses =
        text.split(' ').skip(2).map(|word| word.parse::<IpAddr>().map(|address| address.is_ipv4()));
    matches!((addresses.next(), addresses.next()), (Some(Ok(one)), Some(Ok(other))) if one != other)
}

fn any_address() -> impl Strategy<Value = (SocketAddr, SocketAddr)> {
    let v4 = any::<([u8; 4], u16, [u8; 4], u16)>().prop_map(|(from, port, to, to_port)| {
        (SocketAddr::from((from, port)), SocketAddr::from((to, to_port)))
    });
    let v6 = any::<([u8; 16], u16, [u8; 16], u16)>().prop_map(|(from, port, to, to_port)| {
        (SocketAddr::from((from, port)), SocketAddr::from((to, to_port)))
    });
    prop_oneof![v4, v6]
}

/// What others write for a connection, in either version.
fn written((from, to): (SocketAddr, SocketAddr), is_text: bool, further: usize) -> Vec<u8> {
    let mut header = ProxyHeader::with_address(ProxiedAddress::stream(from, to));
    let mut bytes = Vec::new();
    if is_text {
        header.encode_v1(&mut bytes).unwrap();
    } else {
        if further > 0 {
            header.append_tlv(Tlv::Noop(further));
        }
        header.encode_v2(&mut bytes).unwrap();
    }
    bytes
}

/// Bytes that resemble headers.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let damaged =
        (any_address(), any::<bool>(), 0_usize..40, prop::collection::vec((0_usize..300, any::<u8>()), 0..4))
            .prop_map(|(pair, is_text, noop, damages)| {
                let mut bytes = written(pair, is_text, noop);
                for (place, byte) in damages {
                    let length = bytes.len();
                    bytes[place % length] = byte;
                }
                bytes
            });
    let words = prop::collection::vec(
        prop::sample::select(vec![
            "PROXY ", "TCP4", "TCP6", "UNKNOWN", " ", "1.2.3.4", "::1", "65535", "0", "\r\n", "\r", "\n",
            "x", "\0",
        ]),
        0..14,
    )
    .prop_map(|words| format!("PROXY {}", words.concat()).into_bytes());
    let any = prop::collection::vec(any::<u8>(), 0..300);
    prop_oneof![4 => damaged, 3 => words, 1 => any]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_others_write_is_read(pair in any_address(), is_text: bool, noop in 0_usize..2000) {
        let header = written(pair, is_text, noop);
        let expected = pair.0.ip().to_canonical();
        let (found, read) = read_of(&[&header[..], b"\x16\x03\x01"].concat(), HERE);
        prop_assert_eq!(found.unwrap(), ClientAddress(Some(expected)));
        prop_assert_eq!(read, header.len());
    }

    /// We may refuse what others take, never the other way round, and never see another client or another end.
    #[test]
    fn what_we_take_others_take_alike(bytes in nearly()) {
        let mut stream = Cursor::new(&bytes);
        // Of a proxy's own header we look at nothing else, as the document wants it; others look all the same.
        let is_own = bytes.starts_with(&v2::SIGNATURE) && bytes.get(12) == Some(&0x20);
        if let (Ok(found), false, false) = (now(read(&mut stream)), is_own, is_mixed(&bytes)) {
            let (client, length) = by_others(&bytes).expect("others refuse it");
            let read = usize::try_from(stream.position()).unwrap();
            prop_assert_eq!(read, length);
            if let Brought::Client(found) = found {
                prop_assert_eq!(Some(found), client);
            }
        }
    }
}
