//! PROXY headers: who is on the list must send one, and nobody else may.

use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use super::{ask, chains, granted};
use crate::support::{ALICE, Listening, RawClient, Setup, basic, users};

const LISTED: &str = "proxy_protocol: {from: [127.0.0.1]}";

/// The clients that the rules know: one for each way of naming it.
fn setup(server: &str) -> Setup {
    let acl = "acl:
- {match: {ip: 127.0.0.0/8}, actions: [push]}
- {match: {ip: 203.0.113.9}, actions: [pull]}
- {match: {ip: '2001:db8::7'}, actions: [pull]}
- {match: {name: free}, actions: [delete]}";
    Setup::new(format!("users: {}\n{acl}", users(""))).server(server)
}

const CLIENT: &str = "PROXY TCP4 203.0.113.9 127.0.0.1 4711 5001\r\n";

fn signature(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n", &[command, family][..], &length, body].concat()
}

/// As Alice, on a connection that begins with a header.
fn asks(server: &Listening, header: impl AsRef<[u8]>) -> [String; 2] {
    let mut client = server.connect();
    client.send(header);
    granted(&ask(&mut client))
}

#[test]
fn rules_see_whom_the_proxy_brings() {
    let server = Listening::start(setup(LISTED));
    let mut v6 = [0; 36];
    v6[..16].copy_from_slice(&"2001:db8::7".parse::<std::net::Ipv6Addr>().unwrap().octets());
    let v4 = [203, 0, 113, 9, 127, 0, 0, 1, 0x12, 0x34, 1, 187];
    for header in [
        CLIENT.as_bytes().to_vec(),
        b"PROXY TCP6 2001:db8::7 ::1 1 2\r\n".to_vec(),
        b"PROXY TCP6 ::ffff:203.0.113.9 ::1 1 2\r\n".to_vec(),
        signature(0x21, 0x11, &v4),
        signature(0x21, 0x21, &v6),
        signature(0x21, 0x11, &[&v4[..], &[0x04, 0, 2, 0, 0]].concat()),
    ] {
        assert_eq!(asks(&server, &header), ["pull", "pull"], "{header:x?}");
    }
    assert_eq!(asks(&server, "PROXY TCP4 198.51.100.1 127.0.0.1 1 2\r\n"), ["", "delete"]);
    // The proxy for itself, and a process beside it.
    for own in
        [&b"PROXY UNKNOWN\r\n"[..], &signature(0x20, 0, &[]), b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"]
    {
        assert_eq!(asks(&server, own), ["push", "push"], "{own:x?}");
    }
}

#[test]
fn it_counts_for_the_whole_connection_and_is_read_once() {
    let server = Listening::start(setup(LISTED));
    let mut client = server.connect();
    client.send(CLIENT);
    for _ in 0..3 {
        assert_eq!(granted(&ask(&mut client)), ["pull", "pull"]);
    }
    client.send("PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n");
    assert_eq!(client.answer().status, 400);
}

#[test]
fn one_byte_at_a_time_is_a_header_too() {
    let server = Listening::start(setup(LISTED));
    let mut socket = server.tcp().unwrap();
    socket.set_nodelay(true).unwrap();
    for byte in CLIENT.as_bytes() {
        socket.write_all(&[*byte]).unwrap();
    }
    let mut client = RawClient::over(socket);
    assert_eq!(granted(&ask(&mut client)), ["pull", "pull"]);
}

#[test]
fn who_is_listed_and_sends_none_is_turned_away() {
    let server = Listening::start(setup(LISTED));
    for begin in [
        "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n",
        "PROXY TCP4 203.0.113.9 127.0.0.1 4711\r\nGET /healthz HTTP/1.1\r\nhost: x\r\n\r\n",
        "PROXY TCP4 203.0.113.9 127.0.0.1 4711 5001\nGET /healthz HTTP/1.1\r\nhost: x\r\n\r\n",
        "\r\n\r\n\0\r\nQUIT\n!!!!",
    ] {
        let mut client = server.connect();
        client.send(begin);
        assert!(client.try_answer().is_err(), "{begin:?}");
        assert!(client.is_closed(), "{begin:?}");
    }
}

#[test]
fn who_is_not_listed_and_sends_one_is_not_understood() {
    for server in ["", "proxy_protocol: {from: [203.0.113.9]}"] {
        let server = Listening::start(setup(server));
        assert_eq!(granted(&ask(&mut server.connect())), ["push", "push"]);
        for header in [CLIENT.as_bytes(), &signature(0x20, 0, &[])] {
            let mut client = server.connect();
            client.send(header);
            client.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
            assert!(client.try_answer().is_ok_and(|answer| answer.status == 400), "{header:x?}");
            assert!(client.is_closed());
        }
    }
}

#[test]
fn a_header_that_does_not_come_has_an_end() {
    let server = Listening::start(
        setup(LISTED).server("limits: {connections: 1, handshake_timeout: 200ms, header_timeout: 10m}"),
    );
    for begin in ["", "PROXY TCP4 203", "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"] {
        let mut slow = server.connect();
        slow.send(begin);
        assert!(slow.is_closed(), "{begin:?}");
    }
    assert_eq!(asks(&server, CLIENT), ["pull", "pull"]);
}

#[test]
fn on_a_unix_socket_all_send_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let setup = setup("net: unix\nproxy_protocol: {}").addr(path.to_str().unwrap());
    let server = Listening::start(setup);
    assert_eq!(asks(&server, CLIENT), ["pull", "pull"]);
    assert_eq!(asks(&server, "PROXY UNKNOWN\r\n"), ["", "delete"]);
    let mut client = RawClient::over(UnixStream::connect(&path).unwrap());
    client.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(client.is_closed());
}

#[test]
fn whom_it_brings_is_the_peer_of_trusted_proxies() {
    let keys = "real_ip_header: X-Forwarded-For\ntrusted_proxies: [10.0.0.0/8]";
    let server = Listening::start(setup(LISTED).server(keys));
    let asks = |peer: &str, forwarded: &str| {
        let mut client = server.connect();
        client.send(format!(
            "PROXY TCP4 {peer} 127.0.0.1 1 2\r\nGET /auth?service=s&scope=repository:a:*+repository:free:* HTTP/1.1\r\n\
             host: x\r\nauthorization: {}\r\nx-forwarded-for: {forwarded}\r\n\r\n",
            basic(ALICE.0, ALICE.1)
        ));
        granted(&client.answer())
    };
    assert_eq!(asks("10.0.0.1", "203.0.113.9"), ["pull", "pull"]);
    assert_eq!(asks("203.0.113.9", "198.51.100.1"), ["pull", "pull"]);
    assert_eq!(asks("198.51.100.1", "203.0.113.9"), ["", "delete"]);
}

#[test]
fn a_header_that_does_not_come_does_not_hold_up_the_end() {
    let mut server = Listening::start(
        Setup::new(chains()).server(LISTED).server("limits: {handshake_timeout: 10m, drain_timeout: 10m}"),
    );
    let mut silent: TcpStream = server.tcp().unwrap();
    silent.write_all(b"PROXY ").unwrap();
    server.stop();
    server.wait_until_stopped();
}
