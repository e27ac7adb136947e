//! `users`: accounts in the configuration file.

mod backend;
mod config;
mod entry;
#[cfg(test)]
mod tests;

pub use config::UsersConfig;
