//! Listening: sockets, TLS, and the loop that serves connections.

mod listener;
mod paced;
mod serve;
pub mod tls;

pub use listener::Listener;
pub use serve::serve;
