//! Users of an Apache htpasswd file: the key `users_file`. The file is read anew when it changes.

mod backend;
mod config;
mod file;
mod keeper;
mod line;
#[cfg(test)]
mod tests;

pub use config::UsersFileConfig;
