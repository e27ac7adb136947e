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
mod meter;
mod pool;
#[cfg(test)]
mod tests;
mod workers;

pub use backend::PasswordService;
pub use config::PoolOptions;
pub use formats::argon2id::{MOST_ARGON2_LANES, MOST_ARGON2_MEMORY, MOST_ARGON2_WORK, hash_argon2id};
pub use formats::bcrypt::{
    DEFAULT_COST, LOWEST_COST, LOWEST_GOOD_COST, MOST_COST, MOST_PASSWORD_BYTES, hash_bcrypt,
};
pub use formats::sha_crypt::{DEFAULT_ROUNDS, FEWEST_GOOD_ROUNDS, FEWEST_ROUNDS, MOST_ROUNDS};
pub use formats::{HashError, MOST_CRYPT_PASSWORD_BYTES, NewHashError, Weakness, weakness};
pub use pool::Pool;
