//! Filters (RFC 4515), with places for what a client wrote.

mod error;
mod escape;
mod parse;
mod template;
#[cfg(test)]
mod tests;
mod variable;

pub(crate) use error::{TemplateError, TooManyValues};
pub(crate) use escape::{escape_all, escape_value};
pub(crate) use template::{Place, Template, Values};
pub(crate) use variable::is_description;
