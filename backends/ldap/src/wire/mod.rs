//! One connection to one server.

mod answer;
pub(crate) mod ber;
mod connection;
mod dial;
mod guard;
mod line;
mod request;
mod search;
mod start_tls;

use std::fmt;
use std::sync::Arc;

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};

use crate::entry::Entry;

pub(crate) use connection::Connection;
pub(crate) use dial::Dialer;

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Endpoint {
    /// A host name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
}

/// As it is written in a configuration and in messages: `ldaps://dc1.example.com:636`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.security == Security::Tls { "ldaps" } else { "ldap" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Security {
    /// Not at all.
    None,
    /// TLS after the StartTLS operation (RFC 4511 section 4.14), before anything else is sent.
    StartTls,
    /// TLS from the first byte (`ldaps`).
    Tls,
}

/// How far below its base a search looks (RFC 4511 section 4.5.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The base alone.
    Base,
    /// The base and everything below.
    Subtree,
}

/// What is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Search {
    pub(crate) base: String,
    pub(crate) scope: Scope,
    /// As text (RFC 4515), values escaped.
    pub(crate) filter: String,
    /// Asked for; `1.1` for none.
    pub(crate) attributes: Arc<[String]>,
    /// More entries than these are not read: [`Found::more`] says so.
    pub(crate) most: usize,
    /// In pages (RFC 2696): directories answer only so many at a time. Servers without the control answer all at once.
    pub(crate) paged: bool,
}

impl Search {
    /// For one entry, by its name.
    pub(crate) fn entry(name: &str, attributes: Arc<[String]>) -> Self {
        Self {
            base: name.to_owned(),
            scope: Scope::Base,
            filter: "(objectClass=*)".to_owned(),
            attributes,
            most: 1,
            paged: false,
        }
    }
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) entries: Vec<Entry>,
    /// Where more may be: `ldap://…` URLs (RFC 4516) of references and referrals. Nobody went there.
    pub(crate) references: Vec<String>,
    /// Whether there are more entries than were asked for.
    pub(crate) more: bool,
    /// Whether the server has nothing of what was asked (referral, RFC 4511 section 4.1.10): that nothing was found says
    /// nothing then.
    pub(crate) elsewhere: bool,
}

/// The control of a password's policy (draft-behera-ldap-password-policy-10): each bind asks for it, since OpenLDAP says
/// nothing of an expired password without it. In a request it has no value.
pub(crate) const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// Whether a bind with it can prove anything. A server may take one without a password for an anonymous bind, and answer
/// success (RFC 4513 section 5.1.2); and one that keeps text as C does reads up to a NUL only, which may be the first byte.
pub(crate) fn is_password(password: &SecretString) -> bool {
    let password = password.expose_secret();
    !password.is_empty() && !password.contains('\0')
}

/// The answer to a bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BindAnswer {
    /// The result code (RFC 4511 section 4.1.9); 0 is success.
    pub(crate) code: u32,
    /// The diagnostic message.
    pub(crate) text: String,
    /// Response controls: object identifier and value.
    pub(crate) controls: Vec<(String, Option<Vec<u8>>)>,
}

/// The most of a server's words that are kept, in characters.
const LONGEST_TEXT: usize = 500;

/// A server's words as they can stand in a log: on one line, and not too many.
fn readable(text: &str) -> String {
    let line = text.trim_matches(|c: char| c.is_control() || c.is_whitespace());
    line.chars().take(LONGEST_TEXT).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests;
