//! Where dockgate keeps what must outlive it and what its replicas share: refresh tokens, API tokens, lock-outs.
//!
//! One [`Store`](dockgate_api::Store), three ways to keep it: a file that this process alone opens, Redis, PostgreSQL.
//! All three pass the suite of `dockgate-testkit` and lose nothing that was answered.

mod config;
mod file;
mod handle;
mod meter;
mod postgres;
mod record;
mod redis;
mod seal;
mod transfer;

pub use config::StoreConfig;
pub use handle::StoreHandle;
pub use redis::{OfGoRedis, RedisConfig, RedisLookup, RedisSettings};
pub use transfer::{Export, Import, ImportError, ImportReason, Imported};
