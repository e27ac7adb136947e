//! Whole servers: a configuration goes in, requests go in, answers come out.
//!
//! Most tests ask the router in-process, with a clock that they turn; those about sockets have a server of their own
//! on a free port. `support` is the harness, every other module is a theme.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends by panicking, and so do its helpers"
)]

mod process;
mod reload;
mod support;

mod audit;
mod canaries;
mod cli;
mod config;
mod custom_backend;
mod forward_auth;
mod hook_examples;
mod hostile;
mod keys;
mod listeners;
mod load;
mod lockout;
mod login;
mod metrics;
mod programs;
mod providers;
mod replay;
mod stored;
mod token;
mod users_file;
mod web_hooks;
