//! The end of a server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::Signal;

use crate::process::{Address, Server, Site};

const CONFIG: &str = r#"server: {addr: "127.0.0.1:0"}
token: {issuer: "an issuer", expiration: 900, certificate: cert.pem, key: key.pem}
users: {"": {}}
acl: [{match: {}, actions: [pull]}]
"#;

#[test]
fn both_signals_end_it_with_0_and_free_the_port() {
    for signal in [Signal::TERM, Signal::INT] {
        let server = Server::start(&Site::with(CONFIG), "auth.yml");
        assert_eq!(server.ask(None, "repository:a:pull").granted(), "pull");
        let port = server.address().port();
        // A client that keeps its connection and says nothing does not hold up the end.
        let _idle = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let ended = server.stop(signal);
        assert_eq!(ended.code, Some(0), "{signal:?}: {ended:?}");
        assert!(ended.stderr.contains("stopped"), "{signal:?}: {}", ended.stderr);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{signal:?}: somebody still listens");
    }
}

#[test]
fn a_request_that_has_begun_is_answered_after_the_signal() {
    let server = Server::start(&Site::with(CONFIG), "auth.yml");
    let body = "service=registry&client_id=test&scope=repository:a:pull";
    let mut stream = begin_a_request(&server, body.len());
    server.signal(Signal::TERM);
    server.said("stopping", 1);
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(server.ended().code, Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let config =
        CONFIG.replace(":0\"}", ":0\", limits: {body_timeout: 1h, drain_timeout: 1h, request_timeout: 1h}}");
    let server = Server::start(&Site::with(&config), "auth.yml");
    let _unfinished = begin_a_request(&server, 100);
    server.signal(Signal::TERM);
    server.said("stopping", 1);
    let ended = server.stop(Signal::TERM);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("second signal"), "{}", ended.stderr);
}

/// A request of which the server has read the head and waits for the body: it has said `100 Continue`.
fn begin_a_request(server: &Server, length: usize) -> TcpStream {
    let Address::Tcp(address) = server.address() else { panic!("no TCP") };
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = "POST /auth HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue";
    write!(
        stream,
        "{head}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
    )
    .unwrap();
    let mut go_on = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}
