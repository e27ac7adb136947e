//! `github_auth`: github.com and GitHub Enterprise Server.

mod api;
mod config;
mod person;
mod teams;
#[cfg(test)]
mod tests;

pub use self::config::GithubAuthConfig;
