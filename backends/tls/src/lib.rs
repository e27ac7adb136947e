//! TLS towards other servers: whom we believe, and how we show who we are.

mod certificate;
mod failure;

pub use certificate::describe;
pub use failure::failure;
