//! Redis, shared by several servers.
//!
//! Every step of the contract is one script. All keys of a shelf carry one hash tag, so that they are in one slot: a record
//! and the lists that it stands in change together, in a cluster as well. Six slots are enough for what a server of tokens
//! keeps; one member of a cluster answers tens of thousands of questions a second.

mod address;
mod config;
mod dial;
mod durability;
mod failure;
mod lookup;
mod nodes;
mod scripts;
mod session;
mod settings;
mod store;

pub use config::{OfGoRedis, RedisConfig};
pub use lookup::RedisLookup;
pub use settings::RedisSettings;
