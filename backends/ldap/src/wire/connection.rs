//! What is asked over one connection: one question at a time.

use std::time::Instant;

use dockgate_api::secrecy::SecretString;

use super::{BindAnswer, Endpoint, Found, Search};
use crate::failure::Failure;

/// A connection. Whoever drops it closes it.
pub(crate) struct Connection {
    facts: Facts,
}

/// What a connection is, for the administrator.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) endpoint: Endpoint,
    /// Where the host name led.
    pub(crate) address: std::net::SocketAddr,
    /// What TLS came to; none without.
    pub(crate) tls: Option<TlsFacts>,
}

/// What a TLS handshake came to.
#[derive(Clone, Debug)]
pub(crate) struct TlsFacts {
    /// `TLS 1.3`
    pub(crate) version: String,
    /// The names and addresses that the server's certificate is for, and until when it lasts.
    pub(crate) certificate: String,
}

impl Connection {
    /// Binds with a name and a password (RFC 4511 section 4.2). A result code other than success is an answer too.
    ///
    /// # Errors
    /// If there was none. The connection is of no use then.
    pub(crate) async fn bind(
        &mut self,
        _name: &str,
        _password: &SecretString,
        _deadline: Instant,
    ) -> Result<BindAnswer, Failure> {
        Err(Failure::Unreachable(self.facts.endpoint.to_string()))
    }

    /// Searches. References are collected and not followed.
    ///
    /// # Errors
    /// Every result code but success, the code for "more entries than asked for" (which [`Found::more`] says) and referral
    /// (whose URLs are in [`Found::references`]); or no answer: then the connection is of no use any more.
    pub(crate) async fn search(&mut self, _search: &Search, _deadline: Instant) -> Result<Found, Failure> {
        Err(Failure::Unreachable(self.facts.endpoint.to_string()))
    }

    /// Whether it may be used again, as far as can be told without asking the server.
    pub(crate) fn is_usable(&self) -> bool {
        false
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }
}
