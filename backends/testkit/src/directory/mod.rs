//! A small directory in the test's own process, on a free port of 127.0.0.1.
//!
//! It speaks as much of LDAP (RFC 4511) as a login asks: binds and searches, TLS, and the habits of `slapd`, of Active
//! Directory and of their like, as they are told to it. It remembers what it was asked, and can be told to make trouble.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() {
//! use dockgate_testkit::directory::Directory;
//!
//! let directory = Directory::new()
//!     .entry("cn=dockgate,dc=example,dc=com", [("cn", "dockgate")])
//!     .password("service-password-1")
//!     .entry("uid=alice,ou=people,dc=example,dc=com", [("uid", "alice"), ("cn", "Alice")])
//!     .password("alice-password-1")
//!     .entry("cn=developers,ou=groups,dc=example,dc=com", [("cn", "developers")])
//!     .values("member", ["uid=alice,ou=people,dc=example,dc=com"])
//!     .start()
//!     .await;
//! assert_eq!(directory.connections_open(), 0);
//! # }
//! ```

mod answer;
mod ber;
mod bind;
mod builder;
mod connection;
mod dn;
mod entries;
mod filter;
mod matching;
mod message;
mod moods;
mod record;
mod running;
mod search;
mod selection;
mod session;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod tls;

pub use answer::Answer;
pub use builder::Directory;
pub use message::Control;
pub use moods::Mood;
pub use record::{Bind, Handshake, Scope, Search};
pub use running::RunningDirectory;
pub use settings::Anonymous;
pub use tls::{Authority, Identity};
