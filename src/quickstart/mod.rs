//! A working directory to start from: configuration, signing keys, two users, and an image to push.

mod files;
mod guide;
mod image;
mod registry;

pub(crate) use files::Directory;
pub(crate) use guide::{Guide, Welcome};
pub(crate) use registry::{Registry, RegistryProgram};
