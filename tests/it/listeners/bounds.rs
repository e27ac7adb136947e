//! How many connections there may be, and how long one may do nothing.

use std::time::Duration;

use super::stopping::{gated, send_login};
use super::{ask, chains, granted};
use crate::support::{Listening, Setup};

#[test]
fn a_connection_beyond_the_limit_waits_for_its_turn() {
    let (server, gate) = gated("beyond-the-limit", "limits: {connections: 2, request_timeout: 10m}");
    let mut clients = [server.connect(), server.connect()];
    for client in &mut clients {
        send_login(client);
    }
    gate.wait_for(2);
    let mut third = server.connect();
    third.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    third.wait_at_most(Duration::from_millis(300));
    let error = third.try_answer().expect_err("a third connection was served");
    assert!(matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut), "{error}");
    // The others are not disturbed, and a place that becomes free is taken.
    gate.open();
    for mut client in clients {
        assert_eq!(granted(&client.answer()), ["pull", "pull"]);
    }
    third.wait_at_most(crate::support::PATIENCE);
    assert_eq!(third.answer().status, 200);
}

#[test]
fn an_idle_connection_is_closed() {
    let server = Listening::start(Setup::new(chains()).server("limits: {header_timeout: 200ms}"));
    let mut silent = server.connect();
    assert!(silent.is_closed());
    let mut kept_alive = server.connect();
    assert_eq!(kept_alive.get("/healthz").status, 200);
    assert!(kept_alive.is_closed());
}

#[test]
fn one_that_is_used_stays_open() {
    let server = Listening::start(Setup::new(chains()).server("limits: {header_timeout: 10s}"));
    let mut client = server.connect();
    for _ in 0..20 {
        assert_eq!(client.get("/healthz").status, 200);
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_request_that_takes_too_long_is_answered_with_503() {
    let chains = "authn: [{script_authn: {says: hangs}}]\nauthz: [{acl: []}]";
    let server = Listening::start(Setup::new(chains).server("limits: {request_timeout: 200ms}"));
    let mut client = server.connect();
    let answer = ask(&mut client);
    assert_eq!(answer.error(503, "UNAVAILABLE"), "temporarily_unavailable");
    assert_eq!(client.get("/healthz").status, 200);
}

#[test]
fn many_clients_at_once_are_all_served() {
    let server = Listening::start(Setup::new(chains()));
    let mut clients: Vec<_> = (0..200).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    }
    for client in &mut clients {
        assert_eq!(client.answer().status, 200);
    }
}
