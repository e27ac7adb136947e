//! A whole server in a test: from the text of a configuration to answers.
//!
//! [`Setup`] says how it is configured; [`TestServer`] asks it in-process, [`Listening`] through a socket.
//! Backends that do as they are told stand under the keys `script_authn` and `script_authz`.

mod accounts;
mod answer;
mod ask;
mod gate;
mod in_process;
mod listening;
mod panics;
mod raw;
mod script_authn;
mod script_authz;
mod setup;
mod signing;
mod tokens;

pub(crate) use accounts::{ALICE, BOB, basic, hash, users};
pub(crate) use answer::Answer;
pub(crate) use ask::{Ask, encode, form};
pub(crate) use gate::Gate;
pub(crate) use in_process::TestServer;
pub(crate) use listening::Listening;
pub(crate) use raw::{PATIENCE, RawClient};
pub(crate) use setup::Setup;
pub(crate) use signing::{SigningFiles, ec_key, self_signed, tls_pair};
pub(crate) use tokens::names;
