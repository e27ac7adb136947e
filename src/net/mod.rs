//! Listening: sockets, TLS, and the loop that serves connections.

mod doors;
mod head;
mod listener;
mod owners;
mod paced;
mod proxy_protocol;
mod serve;
mod slots;
pub mod tls;
mod turns;
mod unix_socket;

pub use doors::{Door, load as load_doors};
pub use listener::Listener;
pub use serve::{Answers, Serving, Terms, serve};
pub use slots::Slots;
pub use turns::RequestBody;
