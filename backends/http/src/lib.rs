//! Web hooks that decide: `http_auth` says who somebody is, `http_authz` what they may do.
//!
//! A question is a JSON document in a POST, and only status 200 with a whole document decides. What the documents are is
//! the link's `format`: ours, Open Policy Agent's around ours, or a Kubernetes review. Everything else that may come back
//! is an error: never a yes, and never a no.

mod authenticator;
mod authorizer;
mod breaker;
mod config;
mod formats;
mod hook;
mod meter;
mod signature;

pub use config::{HttpAuthConfig, HttpAuthzConfig};
