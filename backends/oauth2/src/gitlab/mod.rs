//! `gitlab_auth`: gitlab.com and instances of one's own.

mod api;
mod config;
mod person;
#[cfg(test)]
mod tests;

pub use self::config::GitlabAuthConfig;
