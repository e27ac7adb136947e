//! `google_auth` — Google accounts: [`oidc`](crate::oidc) with Google's rules of whose mail is whose, and its groups.

mod config;
mod directory;
mod service_account;
mod workspace;

pub use config::GoogleAuthConfig;

#[cfg(test)]
mod tests;
