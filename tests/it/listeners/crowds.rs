//! Who is served when others have taken every place.

use std::time::Duration;

use super::stopping::{gated, send_login};
use super::{ask, chains, granted};
use crate::support::{Listening, PATIENCE, RawClient, Setup};

/// Four places, and deadlines that end nothing while a test runs.
const FOUR: &str = "limits: {connections: 4, header_timeout: 10m, body_timeout: 10m, request_timeout: 10m, \
                    write_timeout: 10m, handshake_timeout: 10m}";

/// Four of a kind come, and wait for as long as they are let.
fn crowd(server: &Listening, says: &str) -> Vec<RawClient> {
    let come = |_| {
        let mut client = server.connect();
        client.send(says);
        // One has its answer before the next comes: so they wait in the order in which they came.
        if says.starts_with("GET /healthz") {
            assert_eq!(client.answer().status, 200);
        }
        client
    };
    (0..4).map(come).collect()
}

#[test]
fn those_who_keep_the_server_waiting_keep_nobody_out() {
    for says in [
        "",
        "GET /auth HTTP/1.1\r\nhost: x\r\n",
        "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n",
        "POST /auth HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nservice",
        "POST /auth HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nservi",
    ] {
        let server = Listening::start(Setup::new(chains()).server(FOUR));
        let mut crowd = crowd(&server, says);
        let mut honest = server.connect();
        honest.wait_at_most(PATIENCE);
        assert_eq!(granted(&ask(&mut honest)), ["pull", "pull"], "beside {says:?}");
        // The first to come is the first to go.
        assert!(crowd[0].is_closed(), "{says:?}");
        assert_eq!(granted(&ask(&mut honest)), ["pull", "pull"], "it stays, beside {says:?}");
    }
}

#[test]
fn a_request_that_is_being_decided_makes_no_room() {
    let (server, gate) = gated("crowded", "limits: {connections: 1, request_timeout: 10m}");
    let mut served = server.connect();
    send_login(&mut served);
    gate.somebody_waits();
    let mut next = server.connect();
    next.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    // Longer than anybody may keep the server waiting.
    next.wait_at_most(Duration::from_millis(1500));
    next.try_answer().expect_err("somebody else was served in the only place");
    gate.open();
    assert_eq!(granted(&served.answer()), ["pull", "pull"]);
    next.wait_at_most(PATIENCE);
    assert_eq!(next.answer().status, 200);
}
