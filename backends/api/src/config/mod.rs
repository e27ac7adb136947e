//! A configuration file as a tree in which every node knows its place.
//!
//! The server reads the file's syntax into [`Node`]s; [`Node::decode`] turns a node into a typed configuration
//! and finds all its problems at once, each with file, line, column and key path. Backends see only their typed
//! configuration; those that check more than types can allow wrap a field in [`Located`].

mod access;
pub mod bounds;
mod decode;
mod duration;
mod failure;
mod located;
mod moment;
mod nearest;
mod node;
mod problem;
mod scalar;
pub mod secret;
mod span;
#[cfg(test)]
mod tests;
mod validity;

pub use duration::GoDuration;
pub use located::Located;
pub use moment::Moment;
pub use nearest::nearest;
pub use node::{Entry, Key, Location, Node, Value};
pub use problem::{KeyPath, Problem, Remark};
pub use span::Span;
pub use validity::{Standing, Validity, Window};
