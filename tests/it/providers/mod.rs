//! Signing in through a browser at each provider, from the first page to a registry's token and to its end.
//!
//! The server is whole, the browser keeps cookies and follows redirects, and the providers are the testkit's doubles on
//! loopback, asked over sockets by the server's own client.

mod attacks;
mod browser;
mod github;
mod github_refusals;
mod gitlab;
mod google;
mod oidc;
mod site;
mod together;
