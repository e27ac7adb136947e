//! Programs that decide: the keys `ext_auth` and `ext_authz`.
//!
//! A program is asked who somebody is or what they may do. With docker_auth's protocol its exit code decides, with
//! documents it can say more. However it behaves, it is bounded in time, number and output, and nothing of it stays
//! behind.

mod authenticator;
mod authorizer;
mod command;
mod config;
mod hook;
mod json;
mod lines;
mod plain;
mod process;
#[cfg(test)]
mod tests;

pub use config::{ProgramConfig, Protocol};
