//! Connections on which nothing happens, or not enough: each has an end.

use std::time::Duration;

use super::chains;
use crate::support::{Listening, Setup};

/// Short times, and a single place: whoever keeps it keeps everybody out.
fn listening() -> Listening {
    let limits = "limits: {connections: 1, header_timeout: 300ms, request_timeout: 300ms}";
    Listening::start(Setup::new(chains()).server(limits))
}

/// The next client gets its turn, which it can only when the one before has lost its place.
fn next_is_served(server: &Listening) {
    assert_eq!(server.connect().get("/healthz").status, 200);
}

#[test]
fn a_silent_client() {
    let server = listening();
    let mut silent = server.connect();
    next_is_served(&server);
    assert!(silent.is_closed());
}

#[test]
fn a_head_that_trickles() {
    let server = listening();
    let mut slow = server.connect();
    slow.send("GET /auth HTTP/1.1\r\nhost: x\r\n");
    let trickle = std::thread::spawn(move || {
        // Every byte comes in time; the head as a whole does not.
        for _ in 0..600 {
            if slow.try_send("x: y\r\n").is_err() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    });
    next_is_served(&server);
    assert!(trickle.join().unwrap(), "the connection was never closed");
}

#[test]
fn a_body_that_never_ends() {
    let server = listening();
    let mut endless = server.connect();
    endless.send("POST /auth HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n");
    let answer = endless.answer();
    assert_eq!(answer.error(503, "UNAVAILABLE"), "temporarily_unavailable");
    assert!(endless.is_closed());
    next_is_served(&server);
}

#[test]
fn a_body_that_never_begins() {
    let server = listening();
    let mut promised = server.connect();
    promised.send("POST /auth HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n");
    next_is_served(&server);
    assert!(promised.is_closed());
}

#[test]
fn a_body_that_nobody_reads() {
    let server = listening();
    let mut ignored = server.connect();
    ignored.send("POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nabc");
    assert_eq!(ignored.answer().error(404, "NOT_FOUND"), "invalid_request");
    next_is_served(&server);
    assert!(ignored.is_closed());
}

#[test]
fn a_client_that_hangs_up_in_the_middle() {
    let server = listening();
    for text in [
        "",
        "GET /au",
        "POST /auth HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nuse",
        "GET /auth HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let mut client = server.connect();
        client.send(text);
        drop(client);
        next_is_served(&server);
    }
}

#[test]
fn a_client_that_asks_and_never_reads() {
    let server = listening();
    let mut deaf = server.connect();
    deaf.wait_at_most(Duration::from_secs(2));
    // Answers pile up until neither side's buffers take more.
    let request = "GET /.well-known/jwks.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000);
    let filled = (0..400).any(|_| deaf.try_send(&request).is_err());
    assert!(filled, "the server reads on without end");
    next_is_served(&server);
}
