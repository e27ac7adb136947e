//! How serving ends.

use std::io::ErrorKind;
use std::time::Instant;

use super::{ask, chains, granted};
use crate::support::{Gate, Listening, PATIENCE, RawClient, Setup, basic, users};

/// A server whose logins wait at a gate of that name.
pub(super) fn gated(name: &str, limits: &str) -> (Listening, std::sync::Arc<Gate>) {
    let chains = format!(
        "authn: [{{script_authn: {{says: no_match, gate: {name}}}}}, {{users: {}}}]\n\
         authz: [{{acl: [{{match: {{}}, actions: [pull]}}]}}]\n\
         lockout: {{enabled: false}}",
        users("")
    );
    (Listening::start(Setup::new(chains).server(limits)), Gate::named(name))
}

pub(super) fn send_login(client: &mut RawClient) {
    let authorization = basic(crate::support::ALICE.0, crate::support::ALICE.1);
    client.send(format!(
        "GET /auth?scope=repository:a:pull+repository:b:pull HTTP/1.1\r\nhost: x\r\n\
         authorization: {authorization}\r\n\r\n"
    ));
}

/// Waits until nobody is let in any more.
fn wait_until_refused(server: &Listening) {
    let begun = Instant::now();
    loop {
        match server.try_connect() {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return,
            // Let in just before the end, or caught in it.
            Ok(_) | Err(_) => assert!(begun.elapsed() < PATIENCE, "connections are still accepted"),
        }
    }
}

#[test]
fn a_request_in_flight_is_answered_and_nobody_else_is_let_in() {
    let (mut server, gate) = gated("in-flight", "limits: {drain_timeout: 10m, request_timeout: 10m}");
    let mut client = server.connect();
    send_login(&mut client);
    gate.somebody_waits();
    server.stop();
    wait_until_refused(&server);
    assert!(!server.has_stopped(), "stopped with a request in flight");
    gate.open();
    assert_eq!(granted(&client.answer()), ["pull", "pull"]);
    assert!(client.is_closed());
    server.wait_until_stopped();
}

#[test]
fn idle_connections_do_not_hold_it_up() {
    let mut server =
        Listening::start(Setup::new(chains()).server("limits: {drain_timeout: 10m, header_timeout: 10m}"));
    let mut used = server.connect();
    assert_eq!(granted(&ask(&mut used)), ["pull", "pull"]);
    let mut silent = server.connect();
    assert_eq!(server.connect().get("/healthz").status, 200);
    server.stop();
    server.wait_until_stopped();
    assert!(used.is_closed());
    assert!(silent.is_closed());
}

#[test]
fn one_that_is_stuck_is_given_up_after_the_drain_timeout() {
    let (mut server, gate) = gated("stuck", "limits: {drain_timeout: 300ms, request_timeout: 10m}");
    let mut client = server.connect();
    send_login(&mut client);
    gate.somebody_waits();
    server.stop();
    server.wait_until_stopped();
    assert!(server.try_connect().is_err());
    drop(server);
    assert!(client.is_closed());
}

#[test]
fn half_a_head_does_not_hold_it_up_beyond_the_drain_timeout() {
    let mut server =
        Listening::start(Setup::new(chains()).server("limits: {drain_timeout: 300ms, header_timeout: 10m}"));
    let mut half = server.connect();
    half.send("GET /auth HTTP/1.1\r\nhost:");
    assert_eq!(server.connect().get("/healthz").status, 200);
    server.stop();
    server.wait_until_stopped();
}

#[test]
fn several_in_flight_all_end() {
    let (mut server, gate) = gated("several", "limits: {drain_timeout: 10m, request_timeout: 10m}");
    let mut clients: Vec<RawClient> = (0..8).map(|_| server.connect()).collect();
    for client in &mut clients {
        send_login(client);
    }
    gate.wait_for(8);
    server.stop();
    wait_until_refused(&server);
    gate.open();
    for client in &mut clients {
        assert_eq!(granted(&client.answer()), ["pull", "pull"]);
    }
    server.wait_until_stopped();
}

#[test]
fn a_server_at_its_limit_of_connections_stops_too() {
    let mut server =
        Listening::start(Setup::new(chains()).server("limits: {connections: 1, header_timeout: 10m}"));
    let mut only = server.connect();
    assert_eq!(only.get("/healthz").status, 200);
    let _waiting = server.connect();
    server.stop();
    server.wait_until_stopped();
}
