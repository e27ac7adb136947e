//! Servers on loopback and in memory, fair and foul.

mod connection;
mod dial;
mod digest;
mod guard;
mod messages;
mod request;
mod servers;

use std::time::{Duration, Instant};

use dockgate_api::secrecy::SecretString;

use super::{Endpoint, Scope, Search, Security};

/// Enough for everything that does not fail on purpose.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn secret(password: &str) -> SecretString {
    SecretString::from(password.to_owned())
}

fn endpoint(port: u16, security: Security) -> Endpoint {
    Endpoint { host: "localhost".to_owned(), port, security }
}

fn everything(most: usize, paged: bool) -> Search {
    Search {
        base: "dc=x".to_owned(),
        scope: Scope::Subtree,
        filter: "(objectClass=*)".to_owned(),
        attributes: ["cn".to_owned()].into(),
        most,
        paged,
    }
}
