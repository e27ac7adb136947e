//! The token endpoint: from a client's request to what a registry reads in the token.

mod anonymous;
mod answers;
mod backends;
mod chains;
mod claims;
mod credentials;
mod ends;
mod grants;
mod headers;
mod limits;
mod paths;
mod reuse;
mod scopes;
mod services;
mod windows;
