//! Clients that prove themselves with a TLS certificate: the key `mtls_auth`.
//!
//! The server's door has verified the certificate before anybody is asked (`client_certificates`); here it is read whose
//! it is.

mod account;
mod authenticator;
mod config;
mod field;
mod issuers;
#[cfg(test)]
mod tests;

pub use config::MtlsAuthConfig;
