//! The gate: what a reverse proxy asks before it lets a request through to a registry.
//!
//! A request of a proxy is about another request. Whether the proxy may ask at all is read by [`Gate::admits`], what its
//! client wants by [`Gate::original`], and what a registry would demand for it by [`registry::read`]. Nothing here decides:
//! that is [`access`](crate::access)' business, as for every other door.

pub mod identity;
mod original;
mod preset;
pub mod registry;

use std::collections::HashSet;
use std::fmt;

use axum::http::{HeaderMap, HeaderName};
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_rules::Network;
use schemars::JsonSchema;
use serde::Deserialize;

pub use original::{NotAsked, Original};
pub use preset::{
    ACCOUNT_HEADER, DECIDING_METHODS, DECIDING_PATHS, GROUPS_HEADER, Headers, Preset, SECRET_HEADER, Source,
};
pub use registry::Demand;

use crate::http::{Addresses, ClientAddress};
use identity::IdentityHeaders;

/// How a client may prove who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// An account and its password with every request (RFC 7617).
    #[default]
    Basic,
    /// A token of this server's own, as with a registry that knows tokens.
    Bearer,
    /// A token; an account and its password too, where a client sends them without being asked to.
    Both,
}

impl Mode {
    /// Whether an account and its password count.
    pub fn takes_passwords(self) -> bool {
        matches!(self, Self::Basic | Self::Both)
    }

    /// Whether a token counts, and is asked for.
    pub fn takes_tokens(self) -> bool {
        matches!(self, Self::Bearer | Self::Both)
    }
}

impl fmt::Display for Mode {
    /// As in the configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic => "basic",
            Self::Bearer => "bearer",
            Self::Both => "both",
        })
    }
}

/// What a proxy proves itself with.
#[derive(Clone)]
pub struct SharedSecret(SecretString);

impl SharedSecret {
    /// A secret that a proxy sends along.
    pub fn new(secret: SecretString) -> Self {
        Self(secret)
    }

    fn is(&self, sent: &[u8]) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.0.expose_secret().as_bytes(), sent).is_ok()
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret")
    }
}

/// The section `forward_auth`, compiled.
#[derive(Debug)]
pub struct Gate {
    /// How clients prove who they are.
    pub mode: Mode,
    /// The registry whose rules apply, and the `aud` of its tokens.
    pub service: String,
    /// Where clients get tokens, with `mode: bearer` and `both`.
    pub realm: Option<String>,
    /// What the registry is told of who came.
    pub identity: IdentityHeaders,
    preset: Preset,
    headers: Headers,
    /// Any of them would do.
    secrets: Vec<SharedSecret>,
    trusted: Vec<Network>,
    addresses: Addresses,
    /// What decides at some gate, and not at this one.
    foreign: HashSet<HeaderName>,
    /// What clients could hope to decide something with.
    guarded: HashSet<HeaderName>,
}

/// What a gate is made of.
#[derive(Debug)]
pub struct Parts {
    /// See [`Gate::mode`].
    pub mode: Mode,
    /// See [`Gate::service`].
    pub service: String,
    /// See [`Gate::realm`].
    pub realm: Option<String>,
    /// The proxy.
    pub preset: Preset,
    /// What it says where.
    pub headers: Headers,
    /// What it proves itself with; the old and the new one while it changes.
    pub secrets: Vec<SharedSecret>,
    /// Where it is.
    pub trusted: Vec<Network>,
    /// See [`Gate::identity`].
    pub identity: IdentityHeaders,
}

/// Why a question is not even looked at: it does not come from the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTheProxy {
    /// The peer's address is none of `forward_auth.trusted_proxies`.
    Address,
    /// The shared secret is missing, wrong, or there more than once.
    Secret,
}

impl NotTheProxy {
    /// For the log.
    pub fn message(self) -> &'static str {
        match self {
            Self::Address => "the peer is none of forward_auth.trusted_proxies",
            Self::Secret => "the shared secret of forward_auth is missing or wrong",
        }
    }
}

impl Gate {
    /// A gate of these parts.
    pub fn new(parts: Parts) -> Self {
        let Parts { mode, service, realm, preset, headers, secrets, trusted, identity } = parts;
        let addresses = Addresses::named(headers.client.clone(), trusted.clone());
        let own: HashSet<&HeaderName> = headers.all().collect();
        let foreign = preset::deciding().filter(|name| !own.contains(name)).collect();
        let guarded = preset::deciding()
            .chain(headers.all().cloned())
            .chain(identity.names().cloned())
            .chain(preset::read_of_clients())
            .collect();
        Self {
            mode,
            service,
            realm,
            identity,
            preset,
            headers,
            secrets,
            trusted,
            addresses,
            foreign,
            guarded,
        }
    }

    /// Whether a question comes from the proxy: from one of its addresses, or over a unix socket, whose mode says who may
    /// write to it; and with the shared secret.
    ///
    /// # Errors
    /// What is missing.
    pub fn admits(&self, peer: ClientAddress, headers: &HeaderMap) -> Result<(), NotTheProxy> {
        if peer.0.is_some_and(|peer| !self.trusted.iter().any(|network| network.contains(peer))) {
            return Err(NotTheProxy::Address);
        }
        let mut sent = headers.get_all(&self.headers.secret).iter();
        match (sent.next(), sent.next()) {
            // All are compared: how long it takes says nothing of which one it was.
            (Some(sent), None)
                if self.secrets.iter().filter(|secret| secret.is(sent.as_bytes())).count() > 0 =>
            {
                Ok(())
            }
            _ => Err(NotTheProxy::Secret),
        }
    }

    /// The kind of proxy that asks.
    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// Whether the proxy hands on nothing but 401 and 403, and makes everything else its own error.
    pub fn is_narrow(&self) -> bool {
        self.preset.is_narrow()
    }
}

#[cfg(test)]
mod tests;
