//! Who fails too often waits, and then is refused for a while.

mod addresses;
mod commands;
mod counted;
mod refused;

use std::net::IpAddr;

use crate::support::{Answer, Ask, Setup, TestServer, users};

const RULES: &str = "acl: [{match: {}, actions: ['*']}]";
/// Documentation addresses (RFC 5737), which are nobody's proxy.
const HERE: &str = "203.0.113.1";
const THERE: &str = "203.0.113.2";

/// Alice, Bob and nobody in particular; nobody is slowed, so that no test waits.
fn server(lockout: &str) -> TestServer {
    TestServer::of(setup(lockout))
}

fn setup(lockout: &str) -> Setup {
    let people = users("\"\": {}");
    Setup::new(format!("lockout: {{account: {{delay: 0}}{lockout}}}\nusers: {people}\n{RULES}"))
}

fn from(address: &str) -> Option<IpAddr> {
    Some(address.parse().unwrap())
}

/// A login from an address.
fn login(server: &TestServer, account: &str, password: &str, address: &str) -> Answer {
    server.ask(&Ask::auth().basic((account, password)).from(from(address)))
}

/// So many wrong passwords, each another one, each refused as such.
#[track_caller]
fn fail(server: &TestServer, account: &str, address: &str, times: usize) {
    for number in 0..times {
        let answer = login(server, account, &format!("wrong {number} {account} {address}"), address);
        assert_eq!(answer.error(401, "UNAUTHORIZED"), "invalid_grant", "failure {number}");
    }
}
