//! What sign-in is made of at providers that speak OAuth 2.0 and an API of their own: GitHub, GitLab.

mod code_flow;
mod everybody;
mod failure;
mod grant;
mod held;
mod limits;
mod links;
mod meter;
mod place;
mod provider;
#[cfg(test)]
mod tests;

pub(crate) use self::code_flow::{CodeFlow, Directory};
pub(crate) use self::everybody::demand_organization;
pub(crate) use self::failure::Failure;
pub(crate) use self::grant::{CodeGrant, Tokens, error_word};
pub(crate) use self::held::Held;
pub(crate) use self::links::next_page;
pub(crate) use self::place::{below, callback, is_on_this_machine, subject, titled, uri};
pub(crate) use self::provider::{Provider, header, read_json, said};
