//! Against a real client.

mod binds;
mod client;
mod searches;
mod sizes;
mod tls;
mod trouble;
