//! What is asked, and within which bounds.

use dockgate_api::Login;

use crate::lockout::Standing;
use crate::scope::RequestedScopes;

/// The longest names and secrets that are looked at, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Account names and services.
    pub name: usize,
    /// Passwords and tokens.
    pub secret: usize,
}

/// One request, as a front door read it.
#[derive(Debug)]
pub struct Question {
    /// Who it claims to be.
    pub login: Login,
    /// What it wants.
    pub scopes: RequestedScopes,
    /// Whose address the login has.
    pub standing: Standing,
}
