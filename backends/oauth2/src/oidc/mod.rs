//! `oidc_auth` — any provider that speaks OpenID Connect (Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0).
//!
//! `google_auth` is this with rules of its own: see [`membership`].

mod authenticator;
mod claim_path;
mod claims;
mod config;
mod flow;
mod id_token;
mod keep;
mod mail;
mod membership;
mod person;
mod provider;
mod token_endpoint;
mod trouble;
mod userinfo;
mod web;

pub use config::OidcAuthConfig;

pub(crate) use authenticator::OidcAuthenticator;
pub(crate) use claim_path::ClaimPath;
pub(crate) use claims::Told;
pub(crate) use config::{HttpTimeout, at, domains, key, no_domain, redirect, web};
pub(crate) use flow::{OidcFlow, Registration};
pub(crate) use mail::{MailRules, domain};
pub(crate) use membership::Membership;
pub(crate) use person::PersonRules;
pub(crate) use provider::{Memory, Provider};
pub(crate) use trouble::Trouble;
pub(crate) use web::{Fetched, Web, read};

#[cfg(test)]
pub(crate) mod tests;
