//! Password hashes for dockgate's backends: formats, a bounded pool, a memo of what was right.
//!
//! A process has one [`Pool`], which outlives reloads; every configuration has a [`PasswordService`] on it,
//! which is what backends see as [`dockgate_api::Passwords`]. Both need a tokio runtime with time enabled.

mod backend;
mod config;
mod digests;
mod formats;
mod in_use;
mod keyed;
mod memo;
mod pool;
#[cfg(test)]
mod tests;

pub use backend::PasswordService;
pub use config::PoolOptions;
pub use formats::bcrypt::{
    DEFAULT_COST, LOWEST_COST, LOWEST_GOOD_COST, MOST_COST, MOST_PASSWORD_BYTES, hash_bcrypt,
};
pub use formats::{HashError, NewHashError, Weakness, weakness};
pub use pool::Pool;
