//! Sign-in at identity providers: `github_auth`, `google_auth`, `gitlab_auth`, `oidc_auth`.
//!
//! A person signs in through a browser (RFC 6749, RFC 7636, OpenID Connect Core 1.0); the server keeps routes, cookies and
//! state, and what is here knows its provider. No password is checked here but those that docker_auth has left in Redis:
//! who signed in has app passwords, which the server recognises by itself.

mod client;
#[cfg(test)]
mod conformance;
mod flow;
mod github;
mod gitlab;
mod google;
mod oidc;
mod terms;
#[cfg(test)]
mod testing;
mod token_db;

pub use github::GithubAuthConfig;
pub use gitlab::GitlabAuthConfig;
pub use google::GoogleAuthConfig;
pub use oidc::OidcAuthConfig;
pub use token_db::{DockerAuthStore, TokenDbSection};
