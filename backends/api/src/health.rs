//! How a backend is doing.

/// What a backend says of its own state, for metrics and the administrator's side of `/readyz`.
///
/// It never stops the server from serving: a token server that goes away because a directory is down takes every
/// other way of logging in with it.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Answers.
    Up,
    /// Answers, with something the administrator should know (one of two servers is gone, a list is stale).
    Degraded(String),
    /// Cannot answer now.
    Down(String),
}
