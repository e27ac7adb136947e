//! The image of the `Dockerfile`, built and run by a Docker engine with as little as it can do with.
//!
//! No registry of base images can be reached from here: they are made of this machine's libraries, and the program is
//! the one that cargo has built. The stages that compile it are not built.

mod built;
mod composed;
mod context;
mod mounted;
mod served;
