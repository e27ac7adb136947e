//! TLS towards other servers: whom we believe, and how we show who we are.
//!
//! Every client of another server makes its [`rustls::ClientConfig`] of [`ClientSettings`], and says with [`failure`] why a
//! handshake came to nothing.

mod authorities;
mod certificate;
mod failure;
mod identity;
mod insecure;
mod settings;

pub use authorities::{authorities, roots};
pub use certificate::describe;
pub use failure::{Cures, cause, failure};
pub use settings::{ClientSettings, SettingsError};

#[cfg(test)]
mod tests;
