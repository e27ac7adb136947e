//! Listening: sockets, TLS, and the loop that serves connections.

mod listener;
mod paced;
mod serve;
mod slots;
pub mod tls;

pub use listener::Listener;
pub use serve::{Answers, Door, Terms, serve};
pub use slots::Slots;
