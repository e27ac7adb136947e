//! Conformance suites that every backend must pass, and fakes of what a backend is handed.
//!
//! For tests only. A suite takes a backend and a fixture, asks what a server would ask and what an attacker
//! would, and panics with every broken rule and the place of the contract where it stands.
#![expect(clippy::panic, reason = "a test's way to fail; this crate is never part of a server")]

pub mod authenticator;
pub mod authorizer;
pub mod directory;
mod door;
pub mod fakes;
pub mod hostile;
pub mod login_flow;
pub mod provider;
pub mod proxy;
mod report;
mod run;
pub mod store;

pub use report::{Broken, Report, Rule};
