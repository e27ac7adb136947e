//! PostgreSQL, shared by several servers.

mod config;
mod layout;
mod parameter;
mod pool;
mod promises;
mod server;
mod settings;
mod statements;
mod store;
mod sweep;
mod tls;
mod trouble;

pub(crate) use config::PostgresConfig;
pub(crate) use settings::PostgresSettings;

#[cfg(test)]
mod tests;
