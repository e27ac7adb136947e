//! A certificate that an authority issues to the server itself (ACME, RFC 8555), proved by TLS-ALPN (RFC 8737) on the
//! server's own doors.
//!
//! What was issued is kept in a directory, and serves from there at the next start without asking anybody. Servers that
//! share the directory share the certificate: one orders, the others find it, and each can answer for the other when the
//! authority looks. A reload that wants the same certificate goes on with the same [`Acme`], so that an order under way is
//! not begun anew.

mod account;
mod cache;
mod certificate;
mod challenge;
mod failure;
mod http;
mod keeper;
mod load;
mod order;
mod resolver;
mod schedule;

use std::sync::Arc;
use std::time::SystemTime;

use dockgate_api::{Clock, HttpClient, Random};

pub use cache::Cache;
pub(crate) use keeper::Renewing;
pub(crate) use load::files;
pub use load::{Loaded, load};
pub use resolver::Resolver;

use crate::live::Live;
use crate::metrics::AcmeMeter;
use crate::outside::Outside;

/// What is asked for, and of whom.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The URL of the authority's directory.
    pub directory: String,
    /// Where the authority may write to.
    pub email: Option<String>,
    /// The names in the certificate, in small letters; never empty.
    pub hosts: Vec<String>,
    /// An account that exists at the authority: the id of its key, and the key.
    pub external_account: Option<(String, Vec<u8>)>,
}

/// One certificate, and what is needed to renew it.
pub struct Acme {
    settings: Settings,
    cache: Cache,
    resolver: Arc<Resolver>,
    /// Asks the authority, as the configuration of this moment says.
    client: Live<Arc<dyn HttpClient>>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    meter: AcmeMeter,
    /// Of servers that start together, one is to be first: a part of the life of a certificate.
    spread: f64,
}

impl Acme {
    fn new(
        settings: Settings,
        cache: Cache,
        resolver: Arc<Resolver>,
        client: Arc<dyn HttpClient>,
        outside: &Outside,
    ) -> Self {
        let (clock, random) = (Arc::clone(&outside.clock), Arc::clone(&outside.random));
        let spread = schedule::fraction(random.as_ref());
        let meter = AcmeMeter::new(&outside.metrics);
        Self { settings, cache, resolver, client: Live::new(client), clock, random, meter, spread }
    }

    /// What is asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Answers the handshakes of the doors.
    pub fn resolver(&self) -> &Arc<Resolver> {
        &self.resolver
    }

    /// When the certificate ends; none if there is none yet.
    pub fn ends(&self) -> Option<SystemTime> {
        self.resolver.current().map(|certificate| certificate.validity.not_after)
    }

    /// Asks the authority through this client from now on.
    pub fn ask_through(&self, client: Arc<dyn HttpClient>) {
        self.client.swap(client);
    }

    /// Renews the certificate whenever it is due, as long as it is polled.
    pub async fn keep(&self) -> std::convert::Infallible {
        keeper::keep(self).await
    }

    /// For messages.
    fn name(&self) -> String {
        self.settings.hosts.join(", ")
    }
}
